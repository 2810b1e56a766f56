"""Clients that take nothing of their response: cut after a while, and nobody waits for them."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faults.test_http2_abuse import PREFACE, request, settings
from support.server_process import KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

SECONDS = 1.0
SOURCE = """
import asyncio, sys, time
import functions_framework

PART = b"x" * 65536
WHOLE = PART * 200

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.http
def plain(request):
    if request.path == "/sleep":
        say("sleeping")
        time.sleep(3)
    def parts():
        try:
            for _ in range(500):
                yield PART
        finally:
            say("closed")
    if request.path == "/stream":
        return parts()
    return WHOLE if request.path == "/whole" else "Hello world!"

@functions_framework.http
async def waiting(request):
    if request.url.path == "/sleep":
        say("sleeping")
        await asyncio.sleep(3)
    async def parts():
        try:
            for _ in range(500):
                yield PART
        finally:
            say("closed")
    if request.url.path == "/stream":
        return parts()
    return WHOLE if request.url.path == "/whole" else "Hello world!"
"""
GET = "GET {} HTTP/1.1\r\nhost: x\r\n\r\n"
SIZES = {"/stream": 500 * 65536, "/whole": 200 * 65536}


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServerProcess]:
    (tmp_path / "main.py").write_text(SOURCE)
    flags = ["--send-timeout", str(SECONDS), "--grace-period", "1"]
    with ServerProcess.start(tmp_path / "main.py", request.param, *flags) as server:
        yield server.ready()


def reader(server: ServerProcess, path: str, room: int = 4096) -> socket.socket:
    """A client that has asked for a response and has little room for it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.settimeout(10)
    connection.connect((server.host, server.port))
    connection.sendall(GET.format(path).encode())
    return connection


def serving_end(server: ServerProcess, client: socket.socket) -> str:
    """The name of the worker's socket of a connection, empty while it has none.

    By number of sockets it cannot be told: the engine still makes some of its own as it starts.
    """
    ends = [f":{port:04X}" for port in (server.port, client.getsockname()[1])]
    for line in Path("/proc/net/tcp").read_text().splitlines():
        fields = line.split()
        if [fields[1][-5:], fields[2][-5:]] == ends:
            name = f"socket:[{fields[9]}]"
            return name if name in sockets(server) else ""
    return ""


def sockets(server: ServerProcess) -> set[str]:
    """The names of the worker's sockets."""
    found = set()
    for entry in Path(f"/proc/{server.children()[0]}/fd").iterdir():
        with suppress(OSError):
            found.add(entry.readlink().name)
    return found


@pytest.mark.parametrize("path", SIZES)
def test_reader_that_takes_nothing_is_cut(server: ServerProcess, path: str) -> None:
    with reader(server, path) as connection:
        wait_until(lambda: serving_end(server, connection), "its connection")
        start, name = time.monotonic(), serving_end(server, connection)
        wait_until(lambda: name not in sockets(server), "its end")
        assert time.monotonic() - start > SECONDS / 2
        if path == "/stream":
            server.wait_for("closed")
    assert server.get() == (200, b"Hello world!")


@pytest.mark.parametrize("path", SIZES)
def test_reader_that_goes_on_is_waited_for(server: ServerProcess, path: str) -> None:
    with reader(server, path, 2**20) as connection:
        start = time.monotonic()
        taken = 0
        while time.monotonic() < start + 3 * SECONDS:
            taken += len(connection.recv(2**17))
            time.sleep(SECONDS / 10)
        while part := connection.recv(2**20):
            taken += len(part)
            if taken > SIZES[path] and part.endswith((b"0\r\n\r\n", b"x")):
                break
        assert taken > SIZES[path]


def test_window_of_http2_that_stays_shut_ends_its_connection(server: ServerProcess) -> None:
    with server.connect() as connection:
        opening = PREFACE + settings(initial_window_size=0)
        connection.sendall(opening + request(1, "/stream") + request(3, "/stream"))
        while connection.recv(65536):
            pass
        server.wait_for("closed", times=2)
    assert server.get() == (200, b"Hello world!")


def test_connection_that_another_call_shares_is_not_cut(server: ServerProcess) -> None:
    with server.connect() as connection:
        opening = PREFACE + settings(initial_window_size=0)
        connection.sendall(opening + request(1, "/sleep") + request(3, "/stream"))
        server.wait_for("sleeping")
        start = time.monotonic()
        while connection.recv(65536):
            pass
        assert time.monotonic() - start > 2.9, "it was cut while the call was in progress"


def test_time_of_0_is_not_a_limit(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with (
        ServerProcess.start(tmp_path / "main.py", "plain", "--send-timeout", "0") as server,
        reader(server.ready(), "/whole") as connection,
    ):
        start = time.monotonic()
        wait_until(lambda: time.monotonic() > start + 2 * SECONDS, "a while")
        assert len(read_answer(connection)[1]) == SIZES["/whole"]


@pytest.mark.parametrize("kind", KINDS)
def test_readers_take_no_places_from_others(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    flags = ["--threads", "2", "--grace-period", "1"]
    with ServerProcess.start(tmp_path / "main.py", kind, *flags) as server, ExitStack() as stack:
        server.ready()
        for _ in range(6):
            stack.enter_context(reader(server, "/stream"))
        for _ in range(20):
            assert server.get(seconds=5) == (200, b"Hello world!")
        start = time.monotonic()
        server.signal()
        assert server.exit_code() == 0
        assert time.monotonic() - start < 6
