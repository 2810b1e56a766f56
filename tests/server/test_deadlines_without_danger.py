"""Late calls end without harm: no lock stays taken, no `finally` is cut short."""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.hosts import build
from functions_framework.server.on_threads.serving import SyncServing
from functions_framework.server.worker.build import hosted_of
from functions_framework.settings import Settings
from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import SourceTree

LATE_CALLS = 5000
TIMEOUT = 0.01
SCOPE = {
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8080",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "x",
    "wsgi.url_scheme": "http",
}

# Each takes and returns locks without end; `late` counts what should have been cleaned up.
TAKERS = """
import contextlib, importlib, logging, queue, sys, threading, time
from concurrent.futures import ThreadPoolExecutor

import imported_often

log = logging.getLogger("taker")
log.propagate = False
handler = logging.FileHandler(LOG)
log.addHandler(handler)
log.setLevel(logging.INFO)
items, event, condition = queue.Queue(3), threading.Event(), threading.Condition()
semaphore, plain, recursive = threading.Semaphore(2), threading.Lock(), threading.RLock()
python_lock, generated = threading.Condition(threading.Lock()), threading.Lock()
pool = ThreadPoolExecutor(2)
cut_short = []

@contextlib.contextmanager
def held():
    generated.acquire()
    try:
        yield
    finally:
        generated.release()

def logs():
    log.info("x")

def queues():
    with contextlib.suppress(queue.Full):
        items.put_nowait(1)
    with contextlib.suppress(queue.Empty):
        items.get(timeout=0.001)

def waits():
    event.wait(0.001)
    with condition:
        condition.wait(0.001)

def semaphores():
    if semaphore.acquire(timeout=0.01):
        try:
            sum(range(10))
        finally:
            semaphore.release()

def locks():
    with plain:
        sum(range(10))
    plain.acquire()
    try:
        sum(range(10))
    finally:
        plain.release()
    with recursive, python_lock:
        sum(range(10))

def generators():
    with held():
        sum(range(10))

def futures():
    pool.submit(sum, [1]).result(timeout=1)

def imports():
    importlib.reload(imported_often)

def threads():
    thread = threading.Thread(target=sum, args=([1],))
    thread.start()
    thread.join(1)

def cleans_up():
    cut_short.append(1)
    try:
        sum(range(10))
    finally:
        time.sleep(0)
        sum(range(10))
        cut_short.pop()

KINDS = [logs, queues, waits, semaphores, locks, generators, futures, imports, threads, cleans_up]

def take(request):
    kind = KINDS[int(request.path[1:])]
    while True:
        kind()
        time.sleep(0.0002)
"""


class Answers:
    """Takes answers as the engine does."""

    def __init__(self) -> None:
        self.statuses: list[int] = []

    def response_bytes(self, status: int, headers: Any, body: bytes) -> None:
        self.statuses.append(status)

    def response_iter(self, status: int, headers: Any, body: Any) -> None:
        raise AssertionError("nothing is streamed here")


def is_free(lock: Any) -> bool:
    """Whether a lock can be taken, by somebody who has nothing to do with it, within a while."""
    with ThreadPoolExecutor(1) as other:
        taken: bool = other.submit(lambda: lock.acquire(timeout=5) and not lock.release()).result()
    return taken


def test_thousands_of_late_calls_leave_every_lock_free(
    sources: SourceTree, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "functions_framework.server")
    log = str(tmp_path / "taker.log")
    sources.write(main=f"LOG = {log!r}\n{TAKERS}", imported_often="import json\nvalue = 1\n")
    settings = Settings(target="take", source=str(sources.root / "main.py"), timeout=TIMEOUT)
    host = hosted_of(build.load_and_build(settings)).host
    serving = SyncServing(host, settings)  # type: ignore[arg-type]
    assert serving._watchdog is not None
    serving._watchdog.start()
    takers = sys.modules["main"]
    answers = Answers()

    def call(number: int) -> None:
        serving.call(answers, {**SCOPE, "PATH_INFO": f"/{number % len(takers.KINDS)}"})

    with ThreadPoolExecutor(40) as threads:
        list(threads.map(call, range(LATE_CALLS)))
    # A call whose client the watchdog has answered for may answer itself as well: two of one call.
    assert set(answers.statuses) == {504}
    assert len(answers.statuses) >= LATE_CALLS
    assert takers.cut_short == []
    assert all(map(is_free, held_by(takers)))
    assert importlib_is_free()


def held_by(takers: Any) -> list[Any]:
    """Every lock that the calls took."""
    import logging

    shared = [logging._lock, takers.handler.lock]  # type: ignore[attr-defined]
    queues = [takers.items.mutex, takers.items.not_empty, takers.event._cond]
    own = [takers.plain, takers.recursive, takers.python_lock, takers.generated]
    own += [takers.condition, takers.semaphore]
    return shared + queues + own


def importlib_is_free() -> bool:
    done = threading.Thread(target=__import__, args=("imported_often",), daemon=True)
    done.start()
    done.join(5)
    return not done.is_alive()


SERVED = """
import logging, sys, threading, time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

plain = logging.getLogger("plain")
plain.setLevel(logging.INFO)
plain.propagate = False
plain.addHandler(logging.FileHandler("calls.log"))
lock = threading.Lock()

class Bad(logging.Handler):
    def emit(self, record):
        if "ran past its deadline" in record.getMessage():
            say("told", record.getMessage().split()[1])
            if "/blocks" in record.getMessage():
                time.sleep(60)
            raise SystemExit("a handler's own fault")

if __import__("os").environ.get("BAD"):
    logging.getLogger("functions_framework.server").addHandler(Bad())

def work(request):
    if request.path == "/logs":
        while True:
            plain.info("x")
    if request.path == "/print":
        while True:
            print("x")
    if request.path in ("/loops", "/blocks"):
        while True:
            sum(range(100))
    if request.path == "/never":
        try:
            say("cleans up")
        finally:
            while True:
                time.sleep(0.1)
    if request.path == "/holds":
        for handler in logging.root.handlers:
            handler.acquire()
        time.sleep(60)
    if request.path == "/c":
        lock.acquire()
        lock.acquire()
    plain.info("fine")
    return "fine"
"""


@pytest.mark.parametrize("variables", [{}, {"LOG_EXECUTION_ID": "true"}])
def test_calls_that_write_without_end_leave_their_handlers_usable(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "main.py").write_text(SERVED)
    with ServerProcess.start(
        tmp_path / "main.py", "work", "--timeout", "0.3", **variables
    ) as found:
        server = found.ready()
        for _ in range(4):
            paths = ["/logs", "/print"] * 4
            with ThreadPoolExecutor(8) as clients:
                answers = list(clients.map(server.get, paths))
            assert [status for status, _ in answers] == [504] * 8
            wait_until(lambda: server.get() == (200, b"fine"), "a call that is in time")
        assert "is replaced" not in server.log


def test_what_a_handler_does_stops_no_deadline(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SERVED)
    with ServerProcess.start(tmp_path / "main.py", "work", "--timeout", "0.2", BAD="1") as found:
        server = found.ready()
        for number in range(2):
            assert server.get("/loops")[0] == 504
            server.wait_for("told /loops", times=number + 1)
        assert server.get("/blocks")[0] == 504
        server.wait_for("told /blocks")
        start = time.monotonic()
        for path in ("/loops", "/c", "/loops"):
            assert server.get(path)[0] == 504
        assert time.monotonic() - start < 3
        assert server.get("/") == (200, b"fine")


@pytest.mark.parametrize("path", ["/c", "/never", "/holds"])
def test_worker_whose_call_cannot_be_ended_is_replaced(tmp_path: Path, path: str) -> None:
    (tmp_path / "main.py").write_text(SERVED)
    with ServerProcess.start(
        tmp_path / "main.py", "work", "--timeout", "0.2", "--grace-period", "0.3"
    ) as found:
        server = found.ready()
        before = server.children()
        assert server.get(path)[0] == 504
        server.wait_for("is replaced: a call could not be ended at its deadline.")
        wait_until(lambda: set(server.children()).isdisjoint(before), "the old worker's end")
        assert server.get("/") == (200, b"fine")
        assert server.log.count("is replaced") == 1


THREADED = """
import sys, time

def work(request):
    path = request.url.path
    try:
        while path == "/loops":
            sum(range(100))
        while path == "/sleeps":
            time.sleep(0.01)
    finally:
        print("left", path, file=sys.stderr, flush=True)
    return "fine"
"""


def test_plain_functions_beside_the_event_loop_are_ended_too(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(THREADED)
    flags = ("--asgi", "--timeout", "0.3", "--threads", "2")
    with ServerProcess.start(tmp_path / "main.py", "work", *flags) as found:
        server = found.ready()
        for number in range(2):
            with ThreadPoolExecutor(4) as clients:
                answers = list(clients.map(server.get, ["/loops", "/sleeps"]))
            assert [status for status, _ in answers] == [504] * 2
            server.wait_for("left /loops", times=number + 1)
            server.wait_for("left /sleeps", times=number + 1)
        wait_until(lambda: server.get() == (200, b"fine"), "a call that is in time")
