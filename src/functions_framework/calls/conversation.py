"""One WebSocket through a host in memory, from its client's side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.hosts.asgi.conversation import SocketClosedError
from functions_framework.model.execution import execution
from functions_framework.model.fields import as_text

from .respond import scope_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.model.interfaces import ASGIMessage, SocketHost
    from functions_framework.model.message import Headers
    from functions_framework.model.request import Request

_LEAVING_SECONDS = 1.0
_LOST = 1006


class Refusal(NamedTuple):
    """The response to a handshake that was refused."""

    status: int
    headers: Headers
    body: bytes


class Conversation:
    """A client of a host, on the running loop.

    Args:
        host: converses.
        request: what asks for the WebSocket.
        subprotocols: what the client offers.

    Attributes:
        subprotocol: the one that was chosen.
        error: what the function raised where it crashed.
    """

    def __init__(self, host: SocketHost, request: Request, subprotocols: Sequence[str]) -> None:
        self._host = host
        self._scope = {
            **scope_of(request),
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "ws",
            "subprotocols": list(subprotocols),
            "extensions": {"websocket.http.response": {}},
        }
        del self._scope["method"]
        self._given: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._taken: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._end: ASGIMessage | None = None
        self.subprotocol: str | None = None
        self.error: BaseException | None = None

    async def begin(self) -> Refusal | None:
        """Ask for the WebSocket; what refuses it, None where it was accepted."""
        self._given.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(self._converse())
        message = await self._next()
        if message["type"] == "websocket.accept":
            self.subprotocol = message.get("subprotocol")
            return None
        parts, part, body = [], message, b""
        if message["type"] == "websocket.http.response.start":
            while part["type"] == message["type"] or part.get("more_body", False):
                part = await self._next()
                parts.append(part.get("body", b""))
            body = b"".join(parts)
        await self.end(_LOST)
        return Refusal(message.get("status", 403), as_text(message.get("headers", ())), body)

    async def _converse(self) -> None:
        try:
            await self._host.converse(self._scope, self._receive, self._send)
        finally:
            running = execution.get()
            self.error = getattr(running, "error", None)
            self._taken.put_nowait({"type": "websocket.close", "code": _LOST})

    async def _receive(self) -> ASGIMessage:
        if self._end is not None and self._given.empty():
            raise SocketClosedError("The WebSocket has ended.")
        return await self._given.get()

    async def _send(self, message: ASGIMessage) -> None:
        if self._end is not None:
            raise SocketClosedError("The WebSocket has ended.")
        self._taken.put_nowait(message)

    async def _next(self) -> ASGIMessage:
        return await self._taken.get()

    def send(self, **data: Any) -> None:
        """Send `text=` or `bytes=` to the function."""
        self._given.put_nowait({"type": "websocket.receive", **data})

    async def receive(self) -> ASGIMessage:
        """What the function sends next; a `websocket.close` once it has closed."""
        message = await self._next()
        if message["type"] == "websocket.close":
            await self.end(message.get("code", 1000))
            self._taken.put_nowait(message)
        return message

    async def end(self, code: int, reason: str = "") -> None:
        """Leave; waits for the function to end, which is cancelled where it does not soon."""
        if self._end is None:
            self._end = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._given.put_nowait(self._end)
        await asyncio.wait({self._task}, timeout=_LEAVING_SECONDS)
        self._task.cancel()
        await asyncio.wait({self._task})
