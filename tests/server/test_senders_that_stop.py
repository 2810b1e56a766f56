"""Clients that stop sending halfway through a body: each gets a 408 and is cut, none is left."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from functions_framework.server.on_threads.slow_senders import MOST_WAITING
from support.served_source import Served, each_kind
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer, wait_until

pytestmark = pytest.mark.once

TIMEOUT = 0.5
LATE = (408, b"Nothing more of the request body came for 0.5 seconds.\n")
FRAMES = {
    "short": b"content-length: 9\r\n\r\nab",
    "nothing sent": b"content-length: 9\r\n\r\n",
    "long": b"content-length: 900000\r\n\r\n" + b"x" * 70000,
    "chunked": b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "half a chunk": b"transfer-encoding: chunked\r\n\r\n9\r\nabc",
}


SERVERS = each_kind(FUNCTIONS, BODY_TIMEOUT=str(TIMEOUT))


class Others:
    """A client that calls again and again on one connection."""

    def __init__(self, server: ServerProcess, stack: ExitStack) -> None:
        self._connection = stack.enter_context(server.connect())
        self._failures: list[str] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(0.005):
            try:
                self._connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                answer = read_answer(self._connection)
            except OSError as error:
                self._failures.append(repr(error))
                return
            if answer != (200, b"Hello world!"):
                self._failures.append(repr(answer))

    def failures(self) -> list[str]:
        """Stop, and say what went wrong."""
        self._is_over.set()
        self._thread.join(10)
        return self._failures


def keeps_pace(connection: socket.socket, parts: list[bytes], seconds: float) -> bool:
    """Send parts with so much time between them; whether this process was never kept waiting.

    One that is, on a busy machine, is what these tests are not about: a client that stops.
    """
    start = before = time.monotonic()
    longest = 0.0
    for number, part in enumerate(parts):
        time.sleep(max(0.0, start + number * seconds - time.monotonic()))
        with suppress(OSError):  # it was cut: rightly, where this process was kept waiting
            connection.sendall(part)
        before, last = time.monotonic(), before
        longest = max(longest, before - last)
    return longest < 0.6 * TIMEOUT


def post(path: str, frame: bytes) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\n".encode() + frame


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("path", ["/length", "/"])
def test_client_that_stops_is_answered_and_cut(
    server: ServerProcess, path: str, frame: str
) -> None:
    with server.connect() as connection:
        start = time.monotonic()
        connection.sendall(post(path, FRAMES[frame]))
        # A function that does not read has answered; its response waited for the rest of the body.
        assert read_answer(connection) == (LATE if path == "/length" else (200, b"Hello world!"))
        assert TIMEOUT < time.monotonic() - start < TIMEOUT + 2
        assert connection.recv(1) == b""
    assert server.get() == (200, b"Hello world!")
    assert "Traceback" not in server.log


@pytest.mark.parametrize(("path", "status"), [("/length", 408), ("/sleep/0.2", 200)])
def test_client_that_waits_to_be_asked_and_sends_nothing(
    server: ServerProcess, path: str, status: int
) -> None:
    with server.connect() as connection:
        frame = b"content-length: 9\r\nexpect: 100-continue\r\n\r\n"
        connection.sendall(post(path, frame))
        received = connection.makefile("rb").read()
    assert received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 %d " % status)


@pytest.mark.parametrize("kind", KINDS)
def test_client_that_stops_after_its_response_is_cut(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--body-timeout", str(TIMEOUT), "--max-body-size", "10"]
    with (
        ServerProcess.start(tmp_path / "main.py", kind, *flags) as server,
        server.ready().connect() as connection,
    ):
        # The function takes its time and leaves the body unread: no more is read than must be.
        connection.sendall(post("/sleep/0.2", FRAMES["short"]))
        assert read_answer(connection) == (200, b"Hello world!")
        assert connection.recv(1) == b""


@pytest.mark.parametrize("length", ["measured", "chunked"])
def test_client_that_sends_slowly_but_goes_on_is_waited_for(
    server: ServerProcess, length: str
) -> None:
    framing = "transfer-encoding: chunked" if length == "chunked" else "content-length: 120000"
    part = b"a" * 10000
    framed = b"%x\r\n%s\r\n" % (len(part), part) if length == "chunked" else part
    for _ in range(5):
        with server.connect() as connection:
            start = time.monotonic()
            connection.sendall(post("/length", f"{framing}\r\n\r\n".encode()))
            if not keeps_pace(connection, [framed] * 12, 1 / 8):
                continue
            if length == "chunked":
                connection.sendall(b"0\r\n\r\n")
            assert read_answer(connection) == (200, b"120000")
            assert time.monotonic() - start > 2 * TIMEOUT
            return
    pytest.fail("this machine is too busy to send slowly")


@pytest.mark.parametrize("beside", ["unused", "idle", "stopped"])
@pytest.mark.parametrize("length", ["measured", "chunked"])
def test_upload_that_goes_on_beside_silent_connections_is_waited_for(
    server: ServerProcess, length: str, beside: str
) -> None:
    """As proxies keep them; or another upload that has stopped, which came later."""
    framing = "transfer-encoding: chunked" if length == "chunked" else "content-length: 20000"
    part = b"a" * 1000
    framed = b"%x\r\n%s\r\n" % (len(part), part) if length == "chunked" else part
    for _ in range(5):
        with server.connect() as sending, server.connect() as silent:
            if beside == "idle":
                silent.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                assert read_answer(silent) == (200, b"Hello world!")
            sending.sendall(post("/length", f"{framing}\r\n\r\n".encode()))
            if beside == "stopped":
                silent.sendall(post("/length", FRAMES["short"]))
            if not keeps_pace(sending, [framed] * 20, 1 / 10):
                continue
            if length == "chunked":
                sending.sendall(b"0\r\n\r\n")
            assert read_answer(sending) == (200, b"20000")
            if beside == "stopped":
                assert read_answer(silent) == LATE
            return
    pytest.fail("this machine is too busy to send slowly")


def test_many_clients_that_stop_leave_no_thread_behind(servers: dict[str, Served]) -> None:
    server = servers["plain"].server
    with ExitStack() as stack:
        stopped = [stack.enter_context(server.connect()) for _ in range(40)]
        for connection in stopped:
            connection.sendall(post("/length", FRAMES["chunked"]))
        wait_until(partial(has_threads, server, 40), "their threads")
        for connection in stopped:
            assert read_answer(connection) == LATE
            assert connection.recv(1) == b""
        # What was a thread of a stuck read serves others now; hardly any further one is made.
        most = threads(server)
        for _ in range(50):
            assert server.get() == (200, b"Hello world!")
        assert threads(server) < most + 10


def test_upload_that_goes_on_beside_a_long_call_is_waited_for(server: ServerProcess) -> None:
    """A call that takes long and a client that sends nothing look alike from outside."""
    for _ in range(5):
        with server.connect() as calling, server.connect() as sending:
            calling.sendall(b"GET /sleep/2.5 HTTP/1.1\r\nhost: x\r\n\r\n")
            sending.sendall(post("/length", b"content-length: 20000\r\n\r\n"))
            is_steady = keeps_pace(sending, [b"a" * 1000] * 20, 1 / 10)
            if is_steady:
                assert read_answer(sending) == (200, b"20000")
            assert read_answer(calling) == (200, b"Hello world!")
            if is_steady:
                return
    pytest.fail("this machine is too busy to send slowly")


@pytest.mark.parametrize("kind", KINDS)
def test_senders_cost_no_other_client_anything(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--body-timeout", "0.5", "--grace-period", "1"]
    with ServerProcess.start(tmp_path / "main.py", kind, *flags) as server, ExitStack() as stack:
        server.ready()
        workers = server.children()
        others = Others(server, stack)
        calling = stack.enter_context(server.connect())
        calling.sendall(b"GET /sleep/4 HTTP/1.1\r\nhost: x\r\n\r\n")
        stopped = [stack.enter_context(server.connect()) for _ in range(600)]
        for number, connection in enumerate(stopped):
            connection.sendall(post("/length", list(FRAMES.values())[number % len(FRAMES)]))
        for connection in stopped:
            assert read_answer(connection)[0] == 408
            assert connection.recv(1) == b""
        assert read_answer(calling) == (200, b"Hello world!")
        assert others.failures() == []
        assert server.children() == workers
        assert "replaced" not in server.log


def test_slowest_of_too_many_senders_are_cut_first(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with (
        ServerProcess.start(tmp_path / "main.py", "plain") as server,
        ExitStack() as stack,
    ):
        server.ready()
        waiting: list[socket.socket] = []
        others = threads(server)
        for number in (95, 10, MOST_WAITING - 5):
            for _ in range(number):
                waiting.append(stack.enter_context(server.connect()))
                waiting[-1].sendall(post("/length", b"content-length: 3\r\n\r\nab"))
            # Each waits in a thread of its own before the next ones come: a thread that is there
            # may still begin to read after one that was made later.
            at_least = others + min(len(waiting), MOST_WAITING) - 1
            wait_until(partial(has_threads, server, at_least), "their threads")
            wait_until(partial(is_at_rest, server), "their waiting", 20)
        wait_until(lambda: len(answered(waiting)) >= 100, "the refusals", 20)
        for connection in (refused := answered(waiting)):
            status, text = read_answer(connection)
            assert (status, b"too many others" in text) == (408, True)
            assert connection.recv(1) == b""
        assert set(waiting[:95]) < set(refused) < set(waiting[:105])
        assert len(refused) == 100
        assert server.get() == (200, b"Hello world!")
        for connection in set(waiting).difference(refused):
            connection.sendall(b"c")
            assert read_answer(connection) == (200, b"3")


def threads(server: ServerProcess) -> int:
    status = Path(f"/proc/{server.children()[0]}/status").read_text()
    return int(status.partition("Threads:")[2].split()[0])


def has_threads(server: ServerProcess, number: int) -> bool:
    return threads(server) > number


def is_at_rest(server: ServerProcess) -> bool:
    """Whether no thread of the worker has anything to do."""
    before = states(server)
    time.sleep(0.05)
    return before == states(server) and not any("R" in state for state, _ in before.values())


def states(server: ServerProcess) -> dict[str, tuple[str, str]]:
    """State and number of times it has waited, by thread (proc(5))."""
    found = {}
    for task in Path(f"/proc/{server.children()[0]}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = dict(
                line.split(":\t", 1) for line in (task / "status").read_text().splitlines()
            )
            found[task.name] = lines["State"], lines["voluntary_ctxt_switches"]
    return found


def answered(connections: list[socket.socket]) -> list[socket.socket]:
    """Those on which something has come."""
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        return [
            key.fileobj for key, _ in selector.select(0) if isinstance(key.fileobj, socket.socket)
        ]


def test_time_of_0_is_not_a_limit(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--body-timeout", "0"]
    with (
        ServerProcess.start(tmp_path / "main.py", "plain", *flags) as server,
        server.ready().connect() as connection,
    ):
        connection.sendall(post("/length", b"content-length: 3\r\n\r\nab"))
        start = time.monotonic()
        wait_until(lambda: time.monotonic() > start + 3 * TIMEOUT, "a while")
        connection.sendall(b"c")
        assert read_answer(connection) == (200, b"3")
