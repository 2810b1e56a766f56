"""The span of a WebSocket: one, from the handshake to the end, in the caller's trace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import StatusCode

from functions_framework.hosts.build import build
from functions_framework.hosts.with_flask.context import FlaskContext
from functions_framework.model.function import Function, Signature
from functions_framework.settings import Settings
from functions_framework.telemetry.sockets import FollowedSockets
from support.traced_calls import Traced, attributes_of

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIMessage

TRACE, PARENT = "1" * 32, "2" * 16


async def chat(socket: Any) -> None:
    word = socket.query_params["word"]
    if word == "refuse":
        return
    await socket.accept()
    if word == "crash":
        raise ValueError("secret")


def _converse(traced: Traced, word: str) -> None:
    function = Function.of(chat, "chat", Signature.WEBSOCKET)
    served = build([function], FlaskContext(), Settings(), is_followed=True)
    assert served.sockets is not None
    host = FollowedSockets(served.sockets, traced.tracing)
    scope = {
        "type": "websocket", "path": "/", "scheme": "ws", "http_version": "1.1",
        "query_string": f"word={word}".encode(), "client": ("127.0.0.1", 1), "subprotocols": [],
        "headers": [(b"host", b"x"), (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode())],
        "extensions": {"websocket.http.response": {}},
    }  # fmt: skip

    async def receive() -> ASGIMessage:
        return {"type": "websocket.connect"}

    async def send(message: ASGIMessage) -> None:
        pass

    asyncio.run(host.converse(scope, receive, send))


@pytest.mark.parametrize(
    ("word", "status", "code"),
    [("talk", 101, StatusCode.UNSET), ("refuse", 403, StatusCode.UNSET),
     ("crash", 101, StatusCode.ERROR)],
)  # fmt: skip
def test_the_span(word: str, status: int, code: StatusCode) -> None:
    traced = Traced()
    _converse(traced, word)
    span = traced.server_span
    assert (span.name, span.status.status_code) == ("chat", code)
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    told = attributes_of(span)
    assert (told["http.response.status_code"], told["faas.trigger"]) == (status, "http")
    assert told["url.scheme"] == "ws"
