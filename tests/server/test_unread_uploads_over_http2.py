"""Uploads over HTTP/2 that nobody reads, or that are refused: clients get the response."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, StreamEnded, StreamReset

from functions_framework.server.on_threads.sources import Room
from support.served_source import Given, each_kind
from support.server_process import FUNCTIONS, KINDS, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.served_source import Served

pytestmark = pytest.mark.once

MEGABYTE = 2**20
MORE_THAN_A_WINDOW = 4 * MEGABYTE
MORE_THAN_IS_HELD = 24 * MEGABYTE
LIMIT = "--max-body-size", "1M"
REFUSED = 413, "The request body is longer than 1048576 bytes."
ANSWERED = 200, "Hello world!"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

SERVERS = {
    **each_kind(FUNCTIONS, *LIMIT),
    **{f"{kind}, without a limit": Given(FUNCTIONS, target=kind) for kind in KINDS},
}


def by_httpx(port: int, path: str, size: int, *, is_declared: bool = True) -> tuple[int, str]:
    """Send all of an upload, then read its response; see that the connection goes on."""

    def pieces() -> Iterator[bytes]:
        for _ in range(0, size, 65536):
            yield bytes(65536)

    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, http1=False, http2=True, timeout=30) as client:
        reply = client.post(path, content=bytes(size) if is_declared else pieces())
        assert client.post("/length", content=b"abc").text == "3"
        return reply.status_code, reply.text.strip()


def by_curl(port: int, path: str, size: int, *, is_declared: bool = True) -> tuple[int, str]:
    """As curl does, which reads no window once it has its response."""
    command = ["curl", "-sS", "--max-time", "30", "--http2-prior-knowledge", "-w", "%{http_code}"]
    command += ["--data-binary", "@-"] if is_declared else ["-X", "POST", "-T", "-"]
    command.append(f"http://127.0.0.1:{port}{path}")
    done = subprocess.run(command, input=bytes(size), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout[-3:]), done.stdout[:-3].decode().strip()


CLIENTS = [by_httpx, pytest.param(by_curl, marks=needs_curl)]


@pytest.mark.parametrize("send", CLIENTS)
@pytest.mark.parametrize(
    ("size", "expected"), [(65536, ANSWERED), (MORE_THAN_A_WINDOW, REFUSED)], ids=["unread", "413"]
)
def test_response_is_read_under_a_limit(
    server: ServerProcess, send: object, size: int, expected: object
) -> None:
    assert send(server.port, "/", size) == expected  # type: ignore[operator]


@pytest.mark.parametrize("send", CLIENTS)
@pytest.mark.parametrize("path", ["/", "/stream/1"])
@pytest.mark.parametrize("kind", KINDS)
def test_response_to_an_unread_upload_is_read(
    servers: dict[str, Served], kind: str, path: str, send: object
) -> None:
    port = servers[f"{kind}, without a limit"].server.port
    found = send(port, path, MORE_THAN_A_WINDOW)  # type: ignore[operator]
    assert found == (ANSWERED if path == "/" else (200, "part 0"))


@pytest.mark.parametrize("send", CLIENTS)
@pytest.mark.parametrize(
    ("path", "is_declared", "expected"),
    [("/", True, REFUSED), ("/length", False, REFUSED), ("/", False, ANSWERED)],
    ids=["declared", "read", "unread"],
)
def test_async_function_is_rid_of_an_upload_of_any_length(
    servers: dict[str, Served], send: object, path: str, is_declared: bool, expected: object
) -> None:
    port = servers["waiting"].server.port
    found = send(port, path, MORE_THAN_IS_HELD, is_declared=is_declared)  # type: ignore[operator]
    assert found == expected


@pytest.mark.parametrize(
    "fields", [[], [("content-length", str(MORE_THAN_IS_HELD))]], ids=["undeclared", "long"]
)
def test_sync_function_ends_others_after_its_response(
    servers: dict[str, Served], fields: list[tuple[str, str]]
) -> None:
    """Without an error, as RFC 9113 has it (8.1); the engine reads all of a body or nothing."""
    head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
    events, content = _received(servers["plain"].server, head + fields, b"x", StreamReset)
    assert content in {b"Hello world!", f"{REFUSED[1]}\n".encode()}
    (end,) = [event for event in events if isinstance(event, StreamReset)]
    assert end.error_code == ErrorCodes.NO_ERROR
    assert any(isinstance(event, StreamEnded) for event in events[: events.index(end)])


def _received(
    server: ServerProcess, head: list[tuple[str, str]], data: bytes, last: type
) -> tuple[list[object], bytes]:
    """What comes until such an event, of a client that sends no more than the data."""
    state = H2Connection(H2Configuration(header_encoding=None))
    state.initiate_connection()
    state.send_headers(1, head)
    state.send_data(1, data)
    events: list[object] = []
    with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
        while not any(isinstance(event, last) for event in events):
            connection.sendall(state.data_to_send())
            received = connection.recv(65536)
            assert received, "closed without a response"
            events += state.receive_data(received)
    data = b"".join(event.data for event in events if isinstance(event, DataReceived))
    return events, data


def test_who_does_not_send_what_nobody_reads_is_answered_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", "x")]
    head.append(("content-length", "100"))
    with ServerProcess.start(tmp_path / "main.py", "plain", "--body-timeout", "0.5") as server:
        _, content = _received(server.ready(), head, b"x", StreamEnded)
        assert content == b"Hello world!"
        waits = [*head, ("expect", "100-continue")]
        assert _received(server, waits, b"", StreamEnded)[1] == b"Hello world!"


def test_room_for_bodies_that_nobody_wants_is_bounded() -> None:
    room = Room(10, 15)
    with room.holding(11) as is_there:
        assert not is_there
    with room.holding(10) as first, room.holding(6) as second, room.holding(5) as third:
        assert (first, second, third) == (True, False, True)
    with room.holding(10) as is_there:
        assert is_there
