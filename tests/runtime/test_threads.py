"""Threads are made when needed, as many as allowed, and jobs wait only where a number was set."""

from __future__ import annotations

import threading

import pytest

from functions_framework.runtime.threads import Threads


def test_jobs_without_a_limit_may_wait_for_each_other() -> None:
    together, seen = threading.Barrier(51, timeout=10), set()
    threads = Threads("test")

    def job() -> None:
        seen.add(threading.get_ident())
        together.wait()

    for _ in range(50):
        threads.start(job)
    together.wait()
    assert len(seen) == 50


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


def test_a_job_that_takes_long_holds_none_up_that_came_with_it() -> None:
    threads, go_on, done = Threads("test"), threading.Event(), threading.Semaphore(0)
    for number in range(40):
        threads.start(go_on.wait if number % 2 else done.release)
    for _ in range(20):
        assert done.acquire(timeout=10)
    go_on.set()


def test_a_job_that_no_thread_can_be_made_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads, done = Threads("test"), threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            threads.start(lambda: pytest.fail("it was refused"))
    threads.start(done.set)
    assert done.wait(10)


def test_a_job_waits_for_a_thread_that_there_is_where_no_other_can_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    threads, go_on, done = Threads("test", 2), threading.Event(), threading.Event()
    begun = threading.Event()

    def block() -> None:
        begun.set()
        go_on.wait()

    threads.start(block)
    assert begun.wait(10)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        threads.start(done.set)
    assert not done.is_set()
    go_on.set()
    assert done.wait(10)


def test_threads_that_nobody_needs_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions_framework.runtime.threads._IDLE_SECONDS", 0.01)
    threads = Threads("ending")
    for _ in range(200):
        done = threading.Event()
        threads.start(done.set)
        assert done.wait(10)
        threading.Event().wait(0.0101)  # a thread may be woken in the moment of its end
    while any(thread.name.startswith("ending_") for thread in threading.enumerate()):
        threading.Event().wait(0.001)
    assert not threads._count


def test_every_job_that_no_thread_can_be_made_for_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_once, refused = threading.Barrier(8, timeout=10), []
    known = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("test_"):
            threading.Event().wait(0.01)  # others ask meanwhile
            raise RuntimeError("can't start new thread")
        known(thread)

    threads = Threads("test")

    def ask() -> None:
        at_once.wait()
        try:
            threads.start(lambda: pytest.fail("it was refused"))
        except RuntimeError as error:
            refused.append(error)

    monkeypatch.setattr(threading.Thread, "start", start)
    asking = [threading.Thread(target=ask) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(refused) == 8
    assert not threads._waiting
