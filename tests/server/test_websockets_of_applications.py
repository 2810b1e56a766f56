"""WebSockets of a whole application, over a real server: Starlette's classes, real clients."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from support.served_source import Given, Served, served
from support.server_process import wait_until
from support.socket_client import (
    BINARY,
    CLOSE,
    ECHO,
    PING,
    PONG,
    TEXT,
    Frame,
    SocketClient,
    closing,
    framed,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SERVERS = {
    "app": Given(ECHO, ("--access-log",), "app"),
    "impatient": Given(ECHO, ("--header-timeout", "0.5", "--keep-alive", "0.6"), "app"),
    "limited": Given(ECHO, ("--max-body-size", "1000", "--max-websockets", "2"), "app"),
}


@pytest.fixture
def app(servers: dict[str, Served]) -> Served:
    return servers["app"]


def _is_open(port: int) -> bool:
    with SocketClient(port) as client:
        return client.status == 101


def _url(served: Served, path: str) -> str:
    return f"ws://127.0.0.1:{served.server.port}{path}"


def test_text_bytes_subprotocol_and_ping(app: Served) -> None:
    with connect(_url(app, "/echo"), subprotocols=["b", "a"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "b"
        messages: list[str | bytes] = ["hi", "", "é" * 70_000, b"\x00\xff", b"", bytes(200_000)]
        for message in messages:
            socket.send(message)
            assert socket.recv() == message
        assert socket.ping().wait(10)
    app.server.wait_for("left 1000")


def test_the_scope_is_that_of_the_specification(app: Served) -> None:
    with connect(_url(app, "/about?a=b%20c")) as socket:
        told = json.loads(socket.recv())
        with pytest.raises(ConnectionClosed) as ended:
            socket.recv()
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4001, "told")
    assert told.pop("client")[0] == "127.0.0.1"
    assert len(told.pop("id")) == 12
    assert told == {
        "type": "websocket", "scheme": "ws", "path": "/about", "raw_path": "/about",
        "query": "a=b%20c", "version": "1.1", "pool": "the pool", "spec": "2.4",
        "extensions": ["websocket.http.response"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/refuse", 403, ""),
        ("/deny", 401, "log in first"),
        ("/crash_before", 500, "500 Internal Server Error"),
        ("/unoffered", 500, "500 Internal Server Error"),
        ("/nowhere", 403, ""),
    ],
)
def test_handshakes_are_refused_with_a_response(
    app: Served, path: str, status: int, text: str
) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(_url(app, path)):
        pass
    response = refused.value.response
    assert (response.status_code, "secret" in str(response.body)) == (status, False)
    assert (response.body or b"").decode().startswith(text)
    assert path != "/deny" or response.headers["x-why"] == "token"


def test_a_crash_is_recorded_and_closes_with_1011(app: Served) -> None:
    with connect(_url(app, "/crash")) as socket, pytest.raises(ConnectionClosed) as ended:
        socket.recv()
    assert ended.value.rcvd is not None
    assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (1011, "")
    app.server.wait_for("Exception on /crash [WEBSOCKET]")
    app.server.wait_for("WEBSOCKET /crash 1011 0B")


def test_a_client_may_leave_without_a_crash(app: Served) -> None:
    for is_reset in (False, True):
        client = SocketClient(app.server.port, "/unhandled")
        client.close(is_reset=is_reset)
    app.server.wait_for("WEBSOCKET /unhandled 1005 0B", times=2)
    assert "Exception on /unhandled" not in app.server.log


def test_who_only_sends_is_told_of_a_client_that_left(app: Served) -> None:
    with SocketClient(app.server.port, "/telling") as client:
        assert client.frame() == Frame(TEXT, b"tick")
    app.server.wait_for("told of leaving 1006")


def test_no_message_is_lost_where_the_application_waits_for_a_while_only(app: Served) -> None:
    with connect(_url(app, "/impatient")) as socket:
        for word in ["a", "b", "c"]:
            assert socket.recv() == "waiting"
            socket.send(word)
        last = [text for text in socket if text != "waiting"]
    assert last == ["got a b c"]


def test_pings_are_answered_while_the_application_is_busy(app: Served) -> None:
    with SocketClient(app.server.port, "/stubborn") as client:
        client.send(framed(PING, b"are you there"))
        assert client.frame() == Frame(PONG, b"are you there")


def test_a_client_that_does_not_read_costs_no_memory(app: Served) -> None:
    with SocketClient(app.server.port, "/flood") as client:
        client.send(framed(TEXT, b"how much?"))
        app.server.wait_for("flooded ")
    flooded = app.server.log.rpartition("flooded ")[2]
    # As much as the kernel holds on its two ends.
    assert int(flooded.split()[0]) < 2**25


def test_who_sends_to_an_application_that_does_not_read_waits(app: Served) -> None:
    sent = 0
    with (
        SocketClient(app.server.port, "/stubborn", seconds=1) as client,
        contextlib.suppress(TimeoutError),
    ):
        while sent < 2**27:
            client.send(framed(BINARY, bytes(2**16)))
            sent += 2**16
    # What the kernel holds on its two ends, and one message more.
    assert sent < 2**25


def test_a_silent_socket_stays_open(servers: dict[str, Served]) -> None:
    with SocketClient(servers["impatient"].server.port) as client:
        time.sleep(3)  # idle connections are cut after two, as another test shows
        client.send(framed(TEXT, b"still here"))
        assert client.frame() == Frame(TEXT, b"still here")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("text", "TypeError: Expected the text of a message to be str, found int."),
        ("nothing", "TypeError: Expected a message to hold str or bytes, found NoneType."),
        ("surrogate", "UnicodeEncodeError: "),
        ("1005", "ValueError: A WebSocket cannot be closed with the code 1005: "),
        ("999", "ValueError: A WebSocket cannot be closed with the code 999: "),
        ("70000", "ValueError: A WebSocket cannot be closed with the code 70000: "),
        ("reason", "ValueError: The reason of a close has 124 bytes: "),
    ],
)
def test_what_cannot_be_sent_is_refused(app: Served, word: str, said: str) -> None:
    with connect(_url(app, "/odd")) as socket:
        socket.send(word)
        assert str(socket.recv()).startswith(said)


@pytest.mark.parametrize(
    ("headers", "without", "version", "status"),
    [
        ((), "Sec-WebSocket-Key", "1.1", 400),
        (("Sec-WebSocket-Key: abc",), "Sec-WebSocket-Key", "1.1", 400),
        (("Sec-WebSocket-Version: 8",), "Sec-WebSocket-Version", "1.1", 400),
        (("Host: other",), "", "1.1", 400),
        (("Host: a b",), "Host", "1.1", 400),
        ((), "", "1.0", 400),
    ],
)
def test_malformed_handshakes_get_a_400(
    app: Served, headers: tuple[str, ...], without: str, version: str, status: int
) -> None:
    with SocketClient(
        app.server.port, "/echo", *headers, without=without, version=version
    ) as client:
        assert client.status == status


FRAMES = {
    "text": ([framed(TEXT, b"hello")], Frame(TEXT, b"hello")),
    "binary": ([framed(BINARY, b"\xff")], Frame(BINARY, b"\xff")),
    "fragments": (
        [framed(TEXT, b"hel", is_last=False), framed(0, b"lo")],
        Frame(TEXT, b"hello"),
    ),
    "a character in two fragments": (
        [framed(TEXT, b"\xce", is_last=False), framed(0, b"\xba")],
        Frame(TEXT, b"\xce\xba"),
    ),
    "a byte at a time": (
        [bytes([byte]) for byte in framed(TEXT, b"slow")],
        Frame(TEXT, b"slow"),
    ),
    "ping in the middle of fragments": (
        [framed(TEXT, b"hel", is_last=False), framed(PING, b"p"), framed(0, b"lo")],
        Frame(PONG, b"p"),
    ),
    "pong nobody asked for": ([framed(PONG, b"p"), framed(TEXT, b"a")], Frame(TEXT, b"a")),
    "longest ping": ([framed(PING, b"p" * 125)], Frame(PONG, b"p" * 125)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_are_understood(app: Served, name: str) -> None:
    frames, answer = FRAMES[name]
    with SocketClient(app.server.port) as client:
        assert (client.status, client.is_answered_right) == (101, True)
        client.send(*frames)
        assert client.frame() == answer


BROKEN = {
    "unmasked": [framed(TEXT, b"hello", is_masked=False)],
    "reserved bit": [framed(TEXT, b"hello", reserved=4)],
    "unknown opcode": [framed(3, b"hello")],
    "unknown control opcode": [framed(11, b"hello")],
    "long ping": [framed(PING, b"p" * 126)],
    "ping in fragments": [framed(PING, b"p", is_last=False)],
    "text that is not UTF-8": [framed(TEXT, b"\xff\xfe")],
    "half a character": [framed(TEXT, b"\xce", is_last=False), framed(0, b"x")],
    "a fragment of nothing": [framed(0, b"lo")],
    "a message in a message": [framed(TEXT, b"a", is_last=False), framed(TEXT, b"b")],
    "a length of more than 63 bits": [framed(BINARY, length=2**63)],
    "a frame beyond 16 MB": [framed(BINARY, b"a", length=17 * 2**20)],
    "a close with one byte": [framed(CLOSE, b"x")],
    "a close with text that is not UTF-8": [framed(CLOSE, closing(1000, b"\xff"))],
    **{
        f"close code {code}": [framed(CLOSE, closing(code))]
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
}


@pytest.mark.parametrize("name", BROKEN)
def test_frames_that_break_the_protocol_end_the_connection(app: Served, name: str) -> None:
    with SocketClient(app.server.port) as client:
        client.send(*BROKEN[name])
        end = client.end()
        assert end is None or end[0] == 1002
        assert client.has_ended()


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1013, 3000, 4000, 4999])
def test_a_clients_close_is_answered_with_its_code(app: Served, code: int) -> None:
    with SocketClient(app.server.port) as client:
        client.send(framed(CLOSE, closing(code, b"bye")))
        assert client.end() == (code, "bye")
        assert client.has_ended()
    app.server.wait_for(f"left {code}")


def test_a_message_beyond_the_limit_closes_with_1009(servers: dict[str, Served]) -> None:
    with SocketClient(servers["limited"].server.port) as client:
        client.send(framed(BINARY, bytes(1000)))
        assert client.frame() == Frame(BINARY, bytes(1000))
        client.send(framed(TEXT, "é".encode() * 501))
        assert client.end() == (1009, "A message of more than 1000 bytes.")


def test_one_socket_too_many_gets_a_503(servers: dict[str, Served]) -> None:
    port = servers["limited"].server.port
    with SocketClient(port) as first, SocketClient(port) as second:
        assert (first.status, second.status) == (101, 101)
        with SocketClient(port) as third:
            assert (third.status, third.body) == (503, "Too many WebSockets are open.")
        assert servers["limited"].client.get("/").text.startswith("home")
    wait_until(lambda: _is_open(port), "room again")


def test_open_sockets_are_closed_with_1001_at_shutdown(tmp_path: Path) -> None:
    flags = ("--access-log", "--grace-period", "3", "--timeout", "0.2")
    with served(tmp_path, ECHO, *flags, target="app") as (server, _):
        clients = [SocketClient(server.port, path) for path in ("/echo", "/tidy", "/stubborn")]
        clients[0].send(framed(TEXT, b"x" * 100))
        assert clients[0].frame() == Frame(TEXT, b"x" * 100)
        server.signal(signal.SIGTERM)
        for client in clients:
            assert client.end() == (1001, "The server is shutting down.")
            assert client.has_ended()
            client.close()
        assert server.exit_code() == 0
    log = server.log
    for line in (
        "left 1001 The server is shutting down.", "tidied up", "WEBSOCKET /tidy 1001",
        "WEBSOCKET /stubborn 1001", "/stubborn was ended at shutdown", "application down",
    ):  # fmt: skip
        assert line in log
    assert log.index("tidied up") < log.index("application down")


def test_a_worker_that_is_killed_takes_its_sockets_and_another_comes(tmp_path: Path) -> None:
    with served(tmp_path, ECHO, target="app") as (server, client):
        socket = SocketClient(server.port)
        pid = int(client.get("/").text.split()[1])
        os.kill(pid, signal.SIGKILL)
        assert socket.end() is None

        socket.close()
        wait_until(lambda: _is_open(server.port), "another worker")
