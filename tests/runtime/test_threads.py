"""Threads are made when needed, as many as allowed, and jobs wait only where a number was set."""

from __future__ import annotations

import threading

from functions_framework.runtime.threads import Threads


def test_jobs_without_a_limit_may_wait_for_each_other() -> None:
    together = threading.Barrier(51, timeout=10)
    threads = Threads("test")
    for _ in range(50):
        threads.start(together.wait)
    together.wait()


def test_no_more_run_at_once_than_allowed_and_all_run() -> None:
    threads, lock, done = Threads("test", 3), threading.Lock(), threading.Semaphore(0)
    running, most = 0, 0

    def job() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        done.release()

    for _ in range(20):
        threads.start(job)
    for _ in range(20):
        assert done.acquire(timeout=10)
    assert most == 3


def test_a_thread_is_used_again() -> None:
    threads, seen = Threads("test"), set()
    for _ in range(5):
        done = threading.Event()

        def job(done: threading.Event = done) -> None:
            seen.add(threading.current_thread().name)
            done.set()

        threads.start(job)
        assert done.wait(10)
        # It is free a moment after it said so.
        while not threads._idle:
            threading.Event().wait(0.001)
    assert seen == {"test_0"}
