"""WebSockets of an application that speaks ASGI by itself, rightly and wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.served_source import Given, Served
from support.socket_client import SocketClient

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

BARE = """
import asyncio, sys

def say(*words):
    print(*words, file=sys.stderr, flush=True)

ACCEPT = {"type": "websocket.accept", "headers": [(b"x-own", b"1")]}
START = {"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-own", b"1")]}
BODY = {"type": "websocket.http.response.body"}

async def forever(receive, send):
    await send(ACCEPT)
    while True:
        await receive()

async def late(receive, send):
    await asyncio.sleep(0.3)
    await send(ACCEPT)
    say("late", (await receive())["type"])
    await send({"type": "websocket.send", "text": "nobody is there"})

async def close(receive, send):
    await send(ACCEPT)
    await send({"type": "websocket.close", "code": 4003})
    say("closed", await receive())
    await send({"type": "websocket.close"})

async def refuse(receive, send):
    await send({"type": "websocket.close"})
    say("refused", await receive())

async def deny(receive, send):
    await send(START)
    await send({**BODY, "body": b"tea", "more_body": True})
    await send({**BODY, "body": b"pot"})

async def send_first(receive, send):
    await send({"type": "websocket.send", "text": "too early"})

async def request(receive, send):
    await send({"type": "http.response.start", "status": 200})

async def twice(receive, send):
    await send(ACCEPT)
    await send(ACCEPT)

async def nothing(receive, send):
    pass

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})
    elif scope["type"] == "websocket":
        assert await receive() == {"type": "websocket.connect"}
        await globals()[scope["path"][1:]](receive, send)
"""
SERVERS = {"bare": Given(BARE, ("--access-log",), "app")}


@pytest.fixture
def bare(servers: dict[str, Served]) -> Served:
    return servers["bare"]


@pytest.mark.parametrize(
    ("path", "status", "body", "said"),
    [
        ("/refuse", 403, "", "refused {'type': 'websocket.disconnect', 'code': 1006"),
        ("/deny", 418, "teapot", "WEBSOCKET /deny 418 6B"),
        ("/send_first", 500, "500 Internal", "RuntimeError: The WebSocket was not accepted yet"),
        ("/request", 500, "500 Internal", "RuntimeError: A WebSocket has no place for 'http.resp"),
        ("/nothing", 500, "500 Internal", "returned without accepting or refusing the WebSocket"),
    ],
)
def test_refusals(bare: Served, path: str, status: int, body: str, said: str) -> None:
    with SocketClient(bare.server.port, path) as client:
        assert (client.status, client.body[: len(body) or None]) == (status, body)
        assert ("x-own: 1" in client.head) == (path == "/deny")
    bare.server.wait_for(said)


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/close", 4003, "closed {'type': 'websocket.disconnect', 'code': 4003"),
        ("/twice", 1011, "RuntimeError: The WebSocket was accepted already."),
    ],
)
def test_ends(bare: Served, path: str, code: int, said: str) -> None:
    with SocketClient(bare.server.port, path) as client:
        assert client.end() == (code, "")
    bare.server.wait_for(said)


def _leave_early(port: int, path: str) -> None:
    with pytest.raises(TimeoutError):
        SocketClient(port, path, seconds=0.05)


@pytest.mark.parametrize(
    ("path", "leave"),
    [("/forever", lambda port, path: SocketClient(port, path).close()), ("/late", _leave_early)],
)
def test_clients_that_leave_an_application_that_does_not_look(
    bare: Served, path: str, leave: Callable[[int, str], None]
) -> None:
    leave(bare.server.port, path)
    bare.server.wait_for(f"WEBSOCKET {path} 1005 0B")
    assert bare.client.get("/").text == "ok"
    assert f"Exception on {path}" not in bare.server.log


def test_header_fields_of_an_acceptance_are_warned_of_once(bare: Served) -> None:
    for _ in range(2):
        with SocketClient(bare.server.port, "/forever") as client:
            assert (client.status, "x-own" in client.head) == (101, False)
    bare.server.wait_for("accepted with header fields of its own")
    assert bare.server.log.count("accepted with header fields of its own") == 1
