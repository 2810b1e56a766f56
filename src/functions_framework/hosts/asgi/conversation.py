"""What becomes of a WebSocket when the code that served it ends: closed, refused, or failed."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from functions_framework.logs import log_crash
from functions_framework.logs.access import WEBSOCKET
from functions_framework.model.fields import sent_bytes
from functions_framework.runtime.cancelling import is_asked_for

from ..errors import CRASH_REPLY
from ..outgoing import checked

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIApp, ASGIMessage, Receive, Scope, Send
    from functions_framework.model.message import Reply

_FAILED = 1011
_DENIAL = "websocket.http.response"


class SocketClosedError(ConnectionError):
    """What `send` raises once the WebSocket has ended (ASGI, "Send - send event")."""


class Way:
    """How far a WebSocket has come, seen by what is sent.

    Args:
        scope: its.
        send: the server's.

    Attributes:
        is_accepted: whether the handshake was.
        is_over: whether it was refused or closed from this side.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self.is_accepted = self.is_over = False

    async def send(self, message: ASGIMessage) -> None:
        """See ASGI 3."""
        kind = message["type"]
        await self._send(message)
        if kind == "websocket.accept":
            self.is_accepted = True
        elif kind in {"websocket.close", f"{_DENIAL}.start"}:
            self.is_over = True

    async def deny(self, reply: Reply) -> None:
        """Refuse the handshake; with a 403 where the server cannot send a reply (ASGI)."""
        if _DENIAL not in (self._scope.get("extensions") or {}):
            await self.send({"type": "websocket.close", "code": 1000})
            return
        status, headers, body = checked(reply, "GET")
        fields = [(name.lower().encode(), sent_bytes(value)) for name, value in headers]
        await self.send({"type": f"{_DENIAL}.start", "status": status, "headers": fields})
        await self.send({"type": f"{_DENIAL}.body", "body": body})

    async def close(self, code: int, reason: str = "") -> None:
        """Close an accepted one that is open; of no effect where the client has gone."""
        if not self.is_over:
            try:
                await self.send({"type": "websocket.close", "code": code, "reason": reason})
            except (OSError, RuntimeError):
                self.is_over = True


async def converse(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an application on a WebSocket, and end this where the application does not.

    Raises:
        CancelledError: it was told to end.
    """
    way = Way(scope, send)
    try:
        await app(scope, receive, way.send)
        if not (way.is_accepted or way.is_over):
            name = type(app).__name__
            raise RuntimeError(f"{name} returned without accepting or refusing the WebSocket.")  # noqa: TRY301 - a crash as others
        await way.close(1000)
    except BaseException as error:  # sys.exit must not end the server
        if isinstance(error, asyncio.CancelledError) and is_asked_for():
            raise
        await failed(error, way, scope)


async def failed(error: BaseException, way: Way, scope: Scope) -> None:
    """End a WebSocket whose code raised; a client may leave at any time."""
    if is_departure(error, way):
        way.is_over = True
        return
    log_crash(error, method=WEBSOCKET, path=scope["path"])
    if way.is_accepted:
        await way.close(_FAILED)
    elif not way.is_over:
        await way.deny(CRASH_REPLY)


def is_departure(error: BaseException, way: Way) -> bool:
    """Whether an exception only says that the WebSocket has ended, by its client or its function.

    Starlette has one for who goes on once it is closed; before it is accepted, that is a mistake.
    """
    inner: Any = getattr(error, "exceptions", None)
    if inner is not None:
        return all(is_departure(one, way) for one in inner)
    if isinstance(error, SocketClosedError):
        return True
    library = sys.modules.get("starlette.websockets")
    if library is None:
        return False
    late = getattr(library, "WebSocketDisconnected", ())
    has_begun = way.is_accepted or way.is_over
    return isinstance(error, library.WebSocketDisconnect) or (has_begun and isinstance(error, late))
