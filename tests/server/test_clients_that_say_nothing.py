"""Clients that begin no request, or never end its head, are cut, whatever HTTP they speak."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import h2.config
import h2.connection
import h2.events
import pytest

from faults.slow_clients import stalled_handshake, unverified
from faults.test_http2_abuse import OPENING, PREFACE, request
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

pytestmark = pytest.mark.once

SECONDS = 0.6
TLS = Path(__file__).parents[1] / "data" / "tls"
SAID = {
    "nothing": b"",
    "half a request line": b"GET / HT",
    "half the preface of HTTP/2": PREFACE[:10],
    "no more than the preface": OPENING,
    "half a head of HTTP/2": OPENING + request(1)[:-4],
}


@pytest.fixture(scope="module", params=KINDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("silent") / "main.py"
    source.write_text(FUNCTIONS)
    flags = ["--header-timeout", "0.3", "--keep-alive", str(SECONDS)]
    with ServerProcess.start(source, request.param, *flags) as server:
        yield server.ready()


def seconds_until_cut(connection: socket.socket) -> float:
    start = time.monotonic()
    while connection.recv(65536):
        pass
    return time.monotonic() - start


@pytest.mark.parametrize("said", SAID)
def test_client_that_begins_no_request_is_cut(server: ServerProcess, said: str) -> None:
    with server.connect() as silent:
        silent.sendall(SAID[said])
        # The longer of both options counts; a ping of HTTP/2 may be answered for a second more.
        assert SECONDS - 0.1 < seconds_until_cut(silent) < SECONDS + 3


@pytest.fixture(scope="module", params=KINDS)
def tls_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("silent") / "main.py"
    source.write_text(FUNCTIONS)
    flags = ["--header-timeout", "0.3", "--keep-alive", str(SECONDS)]
    flags += ["--certfile", str(TLS / "chain.pem"), "--keyfile", str(TLS / "key.pem")]
    with ServerProcess.start(source, request.param, *flags) as server:
        yield server.ready()


@pytest.mark.parametrize("part", ["nothing", "half a hello", "its hello"])
def test_client_that_stops_in_its_handshake_is_cut(tls_server: ServerProcess, part: str) -> None:
    hello = stalled_handshake()
    with tls_server.connect() as silent:
        silent.sendall({"nothing": b"", "half a hello": hello[:100], "its hello": hello}[part])
        assert SECONDS - 0.1 < seconds_until_cut(silent) < SECONDS + 3


def test_client_that_says_nothing_after_its_handshake_is_cut(tls_server: ServerProcess) -> None:
    with tls_server.connect() as raw, unverified().wrap_socket(raw) as silent:
        assert SECONDS - 0.1 < seconds_until_cut(silent) < SECONDS + 3


def test_call_over_tls_that_takes_longer_is_left_alone(tls_server: ServerProcess) -> None:
    with tls_server.connect() as raw, unverified().wrap_socket(raw) as connection:
        connection.sendall(b"GET /sleep/3.5 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, b"Hello world!")


def drip(connection: socket.socket) -> None:
    """Send a head byte by byte until the connection is cut."""
    connection.settimeout(0.02)
    for byte in b"GET / HTTP/1.1\r\nhost: " + b"x" * 1000:
        connection.sendall(bytes([byte]))
        with suppress(TimeoutError):
            if not connection.recv(1):
                return
    raise AssertionError("it was never cut")


def test_head_that_comes_byte_by_byte_is_cut_in_the_same_time(server: ServerProcess) -> None:
    start = time.monotonic()
    with server.connect() as slow, suppress(ConnectionError):
        drip(slow)
    assert SECONDS - 0.1 < time.monotonic() - start < SECONDS + 3


def test_client_that_answers_pings_may_stay(server: ServerProcess) -> None:
    client = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
    client.initiate_connection()
    with server.connect() as connection:
        connection.sendall(client.data_to_send())
        pings = 0
        while pings < 4:
            received = connection.recv(65536)
            assert received, "cut"
            events = client.receive_data(received)
            pings += sum(isinstance(event, h2.events.PingReceived) for event in events)
            connection.sendall(client.data_to_send())
        connection.sendall(request(1))
        assert connection.recv(65536)


def test_call_that_takes_longer_is_left_alone(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /sleep/2 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, b"Hello world!")


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_client_that_pauses_in_a_large_response_is_left_alone(tmp_path: Path, prefix: str) -> None:
    """Its call is over: what is left of the response is with the engine and the kernel."""
    size = 24 * 2**20
    (tmp_path / "main.py").write_text(f"{prefix}def hello(request):\n    return b'x' * {size}\n")
    flags = ["--header-timeout", "0.3", "--keep-alive", str(SECONDS)]
    with (
        ServerProcess.start(tmp_path / "main.py", "hello", *flags) as server,
        server.ready().connect() as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(1)
        time.sleep(SECONDS * 1.25 + 2.5)
        status, body = read_answer(connection)
    assert (status, len(body)) == (200, size)


def test_connections_that_a_function_makes_are_left_alone(tmp_path: Path) -> None:
    """Nothing ever comes back on that of a metrics client, for one."""
    source = (
        "import socket, threading, time\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "ours = socket.create_connection(listener.getsockname())\n"
        "theirs, _ = listener.accept()\n"
        "def hello(request):\n"
        "    time.sleep(1.5)\n"
        "    ours.sendall(b'still there')\n"
        "    return theirs.recv(100)\n"
    )
    (tmp_path / "main.py").write_text(source)
    flags = ["--header-timeout", "0.2", "--keep-alive", "0.2"]
    with ServerProcess.start(tmp_path / "main.py", "hello", *flags) as server:
        assert server.ready().get() == (200, b"still there")


def test_time_of_0_is_not_a_limit(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    flags = ["--header-timeout", "0", "--keep-alive", "0.2"]
    with (
        ServerProcess.start(tmp_path / "main.py", "plain", *flags) as server,
        server.ready().connect() as silent,
    ):
        start = time.monotonic()
        wait_until(lambda: time.monotonic() > start + 1.5, "a while")
        silent.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(silent) == (200, b"Hello world!")
        with server.connect() as other:
            other.sendall(OPENING + request(1))
            assert other.recv(65536)
