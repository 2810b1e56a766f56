"""What a request may take: its body, its head, its time, its place; TLS and HTTP/2 on the port."""

from __future__ import annotations

import selectors
import ssl
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import httpx
import pytest

from functions_framework.server.on_threads.admission import QUEUE
from support.served_source import each_kind
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    import socket

pytestmark = pytest.mark.once

TLS = Path(__file__).parents[1] / "data" / "tls"
LIMITS = ["--max-body-size", "10K", "--max-header-size", "20K"]
LIMITS += ["--header-timeout", "0.5", "--keep-alive", "0.6"]


SERVERS = each_kind(FUNCTIONS, *LIMITS)


def chunked(size: int) -> bytes:
    return b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (size, b"x" * size)


def measured(size: int) -> bytes:
    return b"content-length: %d\r\n\r\n%s" % (size, b"x" * size)


@pytest.mark.parametrize("framed", [chunked, measured])
@pytest.mark.parametrize("path", [b"/length", b"/"])
@pytest.mark.parametrize(("size", "status"), [(10 * 1024, 200), (10 * 1024 + 1, 413)])
def test_body_longer_than_allowed_is_refused(
    server: ServerProcess, framed: object, path: bytes, size: int, status: int
) -> None:
    if framed is chunked and path == b"/":
        # Its length shows only to whoever reads it, and this function does not.
        status = 200
    head = b"POST %s HTTP/1.1\r\nhost: x\r\n" % path
    answer = server.send(head + framed(size))  # type: ignore[operator]
    assert answer[0] == status
    assert status == 200 or answer[1] == b"The request body is longer than 10240 bytes.\n"


def test_declared_length_is_refused_before_the_body_is_sent(server: ServerProcess) -> None:
    answer = server.send(
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\nexpect: 100-continue\r\n\r\n"
    )
    assert answer[0] == 413


def test_large_upload_gets_to_read_its_refusal(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n")
        connection.sendall(b"x" * 4_000_000)
        assert read_answer(connection)[0] == 413


def test_so_does_one_that_was_told_to_send(server: ServerProcess) -> None:
    """As a proxy does that hands `Expect` on and reads the response when all is sent."""
    head = b"POST /length HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
    with server.connect() as connection:
        connection.sendall(head + b"transfer-encoding: chunked\r\n\r\n")
        assert connection.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
        for _ in range(40):
            connection.sendall(b"%x\r\n%s\r\n" % (100_000, b"x" * 100_000))
        connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection)[0] == 413


@pytest.mark.parametrize(
    ("kind", "is_http2"),
    # A sync call takes no more than 16 MiB over HTTP/2: the engine reads a body whole or not.
    [("plain", False), ("waiting", False), ("waiting", True)],
    ids=["def", "async def", "async def, HTTP/2"],
)
def test_who_reads_late_gets_the_response_to_an_unread_upload(
    tmp_path: Path, kind: str, is_http2: bool
) -> None:
    """Such a client sends all that it may; over HTTP/2 no end of the connection stops it."""
    (tmp_path / "main.py").write_text(FUNCTIONS)
    upload = bytes(24 * 2**20)
    with (
        ServerProcess.start(tmp_path / "main.py", kind, "--max-body-size", "64M") as server,
        httpx.Client(
            base_url=f"http://127.0.0.1:{server.ready().port}",
            http1=not is_http2,
            http2=is_http2,
            timeout=30,
        ) as client,
    ):
        assert client.post("/", content=upload).text == "Hello world!"
        assert client.post("/length", content=upload).text == str(len(upload))


@pytest.mark.parametrize(("size", "status"), [(16 * 1024, 200), (100 * 1024, 431)])
def test_head_longer_than_allowed_is_refused(server: ServerProcess, size: int, status: int) -> None:
    answer = server.send(b"GET / HTTP/1.1\r\nhost: x\r\na: %s\r\n\r\n" % (b"x" * size))
    assert answer[0] == status


@pytest.mark.parametrize(("count", "status"), [(100, 200), (101, 431)])
def test_more_headers_than_allowed_are_refused(
    server: ServerProcess, count: int, status: int
) -> None:
    others = b"a: b\r\n" * (count - 1)
    assert server.send(b"GET / HTTP/1.1\r\nhost: x\r\n" + others + b"\r\n")[0] == status


def test_slow_head_and_idle_connection_are_cut(server: ServerProcess) -> None:
    with server.connect() as slow, server.connect() as idle:
        slow.sendall(b"GET / HT")
        idle.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(idle)[0] == 200
        start = time.monotonic()
        assert (slow.recv(1), idle.recv(1)) == (b"", b"")
        assert 0.3 < time.monotonic() - start < 3


def test_keep_alive_of_0_ends_each_connection(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with (
        ServerProcess.start(tmp_path / "main.py", "plain", "--keep-alive", "0") as server,
        server.ready().connect() as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection)[0] == 200
        assert connection.recv(1) == b""


@pytest.mark.parametrize("kind", KINDS)
def test_calls_beyond_concurrency_wait_for_their_turn(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with (
        ServerProcess.start(tmp_path / "main.py", kind, "--concurrency", "1") as server,
        server.ready().connect() as first,
        server.connect() as second,
    ):
        first.sendall(b"GET /sleep/0.5 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("sleeping")
        start = time.monotonic()
        second.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(second)[0] == 200
        assert time.monotonic() - start > 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_call_beyond_the_queue_gets_a_503_at_once(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--concurrency", "1", "--grace-period", "0.1"]
    with ServerProcess.start(tmp_path / "main.py", kind, *flags) as server, ExitStack() as stack:
        server.ready()
        connections = [stack.enter_context(server.connect()) for _ in range(1 + QUEUE + 20)]
        connections[0].sendall(b"GET /sleep/60 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("sleeping")
        for connection in connections[1:]:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answers = Counter[bytes]()
        wait_until(lambda: len(_readable(connections)) >= 20, "20 answers")
        for connection in _readable(connections):
            answers[connection.recv(65536).partition(b"\r\n\r\n")[0]] += 1
    assert sum(answers.values()) == 20
    assert all(head.startswith(b"HTTP/1.1 503 ") for head in answers)
    assert all(b"retry-after: 1" in head for head in answers)


def _readable(connections: list[socket.socket]) -> list[socket.socket]:
    selector = selectors.DefaultSelector()
    with selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(0)]  # type: ignore[misc]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_secure", [False, True])
def test_http2_and_http1_on_the_same_port(tmp_path: Path, kind: str, is_secure: bool) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    files = ["--certfile", str(TLS / "chain.pem"), "--keyfile", str(TLS / "key.pem")]
    with ServerProcess.start(tmp_path / "main.py", kind, *(files if is_secure else [])) as server:
        server.ready()
        assert ("https://" in server.log) is is_secure
        with secured(server, "http/1.1", is_secure) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert read_answer(connection) == (200, b"Hello world!")
        with secured(server, "h2", is_secure) as connection:
            assert post_over_h2(connection, b"abc") == (b"200", b"3")


def secured(server: ServerProcess, protocol: str, is_secure: bool) -> socket.socket:
    connection = server.connect()
    if not is_secure:
        return connection
    context = ssl.create_default_context(cafile=str(TLS / "chain.pem"))
    context.set_alpn_protocols([protocol])
    return context.wrap_socket(connection, server_hostname="localhost")


def post_over_h2(connection: socket.socket, body: bytes) -> tuple[bytes, bytes]:
    state = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    state.initiate_connection()
    scheme = "https" if isinstance(connection, ssl.SSLSocket) else "http"
    head = [(":method", "POST"), (":path", "/length"), (":scheme", scheme), (":authority", "x")]
    state.send_headers(1, head)
    state.send_data(1, body, end_stream=True)
    connection.sendall(state.data_to_send())
    status = content = b""
    while True:
        received = connection.recv(65536)
        assert received, "closed without a response"
        for event in state.receive_data(received):
            if isinstance(event, h2.events.ResponseReceived):
                status = dict(event.headers)[b":status"]
            elif isinstance(event, h2.events.DataReceived):
                content += event.data
            elif isinstance(event, h2.events.StreamEnded):
                return status, content
        connection.sendall(state.data_to_send())


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--certfile", "chain.pem"], "--certfile needs --keyfile as well: give both."),
        (["--keyfile", "key.pem"], "--keyfile needs --certfile as well: give both."),
        (
            ["--certfile", "nowhere.pem", "--keyfile", "key.pem"],
            "Cannot use the certificate 'nowhere.pem' with the key 'key.pem': No such file",
        ),
    ],
)
def test_bad_certificate_is_one_line_and_exit_1(
    tmp_path: Path, flags: list[str], text: str
) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", "plain", *flags) as server:
        assert server.exit_code() == 1
    assert server.log.startswith(f"Error: {text}")
    assert server.log.count("\n") == 1
