"""HTTP/2 used against the server: floods, resets, windows that stay shut; others are served.

The frames are made by hand, as a client library would refuse to (RFC 9113).
"""

from __future__ import annotations

import struct
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hpack import Encoder

from functions_framework.server.on_threads.slow_senders import MOST_LEFT_BEHIND
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
FLOOD = 20_000
STREAMS = 200
"""What the server allows on one connection at once."""


def frame(kind: int, stream: int = 0, payload: bytes = b"", flags: int = 0) -> bytes:
    return (
        struct.pack("!I", len(payload))[1:]
        + bytes([kind, flags])
        + struct.pack("!I", stream)
        + payload
    )


def head(method: str = "GET", path: str = "/") -> bytes:
    fields = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "x")]
    return Encoder().encode(fields)  # a fresh table each: nothing is referred to


def request(stream: int, path: str = "/", method: str = "GET", flags: int = END_STREAM) -> bytes:
    return frame(HEADERS, stream, head(method, path), flags | END_HEADERS)


def settings(**values: int) -> bytes:
    ids = {"initial_window_size": 4}
    return frame(SETTINGS, 0, b"".join(struct.pack("!HI", ids[k], v) for k, v in values.items()))


OPENING = PREFACE + settings()
FLOODS = {
    "rapid reset": lambda: b"".join(
        request(number) + frame(RESET, number, b"\0\0\0\x08") for number in range(1, 2 * FLOOD, 2)
    ),
    "settings": lambda: settings() * FLOOD,
    "ping": lambda: frame(PING, 0, b"12345678") * FLOOD,
    "empty data": lambda: request(1, "/length", "POST", 0) + frame(DATA, 1) * FLOOD,
    "small window updates": lambda: frame(WINDOW, 0, b"\0\0\0\x01") * FLOOD,
    "continuation": lambda: (
        frame(HEADERS, 1, head())
        + frame(CONTINUATION, 1, b"\x00\x01a\x7f\x08" + b"b" * 135) * FLOOD
    ),
    "empty continuation": lambda: frame(HEADERS, 1, head()) + frame(CONTINUATION, 1) * FLOOD,
    "resets of streams that never were": lambda: b"".join(
        frame(RESET, number, b"\0\0\0\x08") for number in range(1, 2 * FLOOD, 2)
    ),
}
FAULTS = {
    "window that overflows": frame(WINDOW, 0, b"\x7f\xff\xff\xff") * 2,
    "window update of 0": frame(WINDOW, 0, b"\0\0\0\0"),
    "even stream": request(2),
    "stream that goes back": request(5) + request(3),
    "data before headers": frame(DATA, 1, b"ab", END_STREAM),
    "headers that aren't HPACK": frame(HEADERS, 1, b"\xff" * 40, END_STREAM | END_HEADERS),
    "settings of 5 bytes": frame(SETTINGS, 0, b"\0\0\0\0\0"),
    "settings on a stream": frame(SETTINGS, 1),
    "ping of 7 bytes": frame(PING, 0, b"1234567"),
    "frame that is too long": frame(DATA, 1, b"x" * 20_000),
    "continuation of nothing": frame(CONTINUATION, 1, head(), END_HEADERS),
    "push from a client": frame(5, 1, b"\0\0\0\x02" + head(), END_HEADERS),
    "goaway": frame(GOAWAY, 0, b"\0" * 8),
}


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("abused") / "main.py"
    source.write_text(FUNCTIONS)
    with ServerProcess.start(source, request.param) as server:
        yield server.ready()


def send_until_cut(connection: socket.socket, data: bytes) -> bytes:
    """Send all and a last ping; return what came until that was answered, or the end."""

    def send() -> None:
        with suppress(OSError):
            connection.sendall(data + frame(PING, 0, b"the last"))

    connection.settimeout(5)
    sending = threading.Thread(target=send)
    sending.start()
    received = b""
    with suppress(OSError):
        while frame(PING, 0, b"the last", 1) not in received[-100_000:]:
            part = connection.recv(65536)
            if not part:
                break
            received += part
    sending.join(10)
    assert not sending.is_alive()
    return received


def memory(server: ServerProcess) -> int:
    text = Path(f"/proc/{server.children()[0]}/statm").read_text()
    return int(text.split()[1]) * 4096


def test_good_frames_are_answered(server: ServerProcess) -> None:
    """What the tests below send is HTTP/2 as the server knows it."""
    with server.connect() as connection:
        connection.sendall(OPENING + request(1, "/length", "POST", 0))
        connection.sendall(frame(DATA, 1, b"abc", END_STREAM))
        received = b""
        while frame(DATA, 1, b"3", END_STREAM) not in received:
            part = connection.recv(65536)
            assert part, received
            received += part
    assert frame(SETTINGS, 0, b"", 1) in received


@pytest.mark.parametrize("flood", FLOODS)
def test_flood_is_over_soon_and_leaves_nothing_behind(
    server: ServerProcess, figure: Callable[[str], None], flood: str
) -> None:
    data = OPENING + FLOODS[flood]()
    workers, before, start = server.children(), memory(server), time.monotonic()
    with server.connect() as connection:
        send_until_cut(connection, data)
    took = time.monotonic() - start
    start = time.monotonic()
    assert server.get() == (200, b"Hello world!")
    kind = "waiting" if ", async)" in server.log else "plain"
    figure(f"HTTP/2 flood, {kind}: {flood}, {len(data) // 1024} KB, over in {took:.2f} s")
    assert time.monotonic() - start < 1
    assert took < 4, "neither processed nor cut off"
    assert server.children() == workers
    assert memory(server) - before < 100 * 2**20
    assert "Traceback" not in server.log


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_ends_its_connection_only(server: ServerProcess, fault: str) -> None:
    with server.connect() as other, server.connect() as connection:
        other.sendall(b"GET /sleep/0.1 HTTP/1.1\r\nhost: x\r\n\r\n")
        send_until_cut(connection, OPENING + FAULTS[fault])
        assert other.recv(12) == b"HTTP/1.1 200"
    assert server.get() == (200, b"Hello world!")
    assert "Traceback" not in server.log


def test_windows_that_stay_shut_delay_no_one(server: ServerProcess) -> None:
    opening = PREFACE + settings(initial_window_size=0)
    with ExitStack() as stack:
        for _ in range(3):
            connection = stack.enter_context(server.connect())
            streams = range(1, 2 * STREAMS, 2)
            connection.sendall(opening + b"".join(request(number) for number in streams))
        times = []
        for _ in range(50):
            start = time.monotonic()
            assert server.get() == (200, b"Hello world!")
            times.append(time.monotonic() - start)
    assert sorted(times)[-2] < 1


def send_halves(server: ServerProcess, stack: ExitStack) -> list[socket.socket]:
    """Begin more bodies than may be left behind, on as few connections as can be."""
    connections = []
    for _ in range(MOST_LEFT_BEHIND // STREAMS + 1):
        connections.append(stack.enter_context(server.connect()))
        streams = range(1, 2 * STREAMS, 2)
        posts = (request(number, "/length", "POST", 0) for number in streams)
        connections[-1].sendall(OPENING + b"".join(posts))
    return connections


@pytest.mark.parametrize("kind", KINDS)
def test_connections_of_streams_that_stop_are_cut(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with (
        ServerProcess.start(tmp_path / "main.py", kind, "--body-timeout", "0.5") as server,
        ExitStack() as stack,
    ):
        workers = server.ready().children()
        for connection in send_halves(server, stack):
            received = b""
            # An async server has no thread waiting for them, so it leaves the connection.
            while kind == "plain" or received.count(b"for 0.5 seconds.") < STREAMS:
                part = connection.recv(65536)
                received += part
                if not part:
                    break
            assert b"request body came" in received
        assert server.get() == (200, b"Hello world!")
        assert server.children() == workers


def test_worker_with_too_many_readers_left_behind_is_replaced_and_finishes_its_calls(
    tmp_path: Path,
) -> None:
    """No connection is cut that may be the one of a call in progress."""
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--body-timeout", "0.5", "--grace-period", "0.5"]
    with ServerProcess.start(tmp_path / "main.py", "plain", *flags) as server:
        server.ready()
        (first,) = server.children()
        with ExitStack() as stack:
            calling = stack.enter_context(server.connect())
            calling.sendall(b"GET /sleep/6 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            send_halves(server, stack)
            server.wait_for(f"Worker {first} is replaced: ")
            assert server.get() == (200, b"Hello world!")
            assert read_answer(calling) == (200, b"Hello world!")
            wait_until(lambda: first not in server.children(), "the end of the first")
        assert server.get() == (200, b"Hello world!")
        assert "clients have stopped sending." in server.log
