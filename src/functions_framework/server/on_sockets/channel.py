"""One WebSocket as an application has it: what it receives and sends, in ASGI's messages.

The engine frames, answers pings and checks what the protocol demands. Here is what it leaves open:
a message whose `receive` was cancelled is lost, a client's leaving is seen by who receives alone,
what is not text is sent as an empty one, and a client that breaks the protocol is told nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.asgi.conversation import SocketClosedError
from functions_framework.hosts.outgoing import checked
from functions_framework.model.fields import as_text, sent_bytes
from functions_framework.model.message import Reply
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

    from functions_framework.model.interfaces import ASGIMessage
    from functions_framework.model.message import Headers

    from ..wire.interfaces import SocketProtocol

_log = own_logger("functions_framework.server")

UNNAMED, LOST, TOO_BIG, GOING_AWAY, BROKEN = 1005, 1006, 1009, 1001, 1002
"""Close codes (RFC 6455, section 7.4.1)."""

ACCEPTED = 101

_AHEAD = 64 * 1024
"""Characters or bytes that are read before the application asks, so that pings are answered."""

_MOST_REASON = 123
_MOST_TOLD = 16
"""How often an application is told of the end: one that never looks would hold up all others."""

_CLOSE_SECONDS = 1.0
_warned: list[str] = []


class Channel:
    """The messages of one WebSocket.

    Args:
        engine: the engine's callables.
        subprotocols: what the client offers.
        limit: bytes of its longest message, 0 for any number.
        say_last: has the last frame sent.

    Attributes:
        status: of the response to the handshake, 0 before there is one.
        code: with which the WebSocket was closed, 0 before.
        sent: bytes of the messages that were sent.
    """

    def __init__(
        self,
        engine: SocketProtocol,
        subprotocols: Sequence[str],
        limit: int,
        say_last: Callable[[Callable[[], Awaitable[object]]], Coroutine[Any, Any, None]],
    ) -> None:
        self._engine = engine
        self._say_last = say_last
        self._offered = subprotocols
        self._limit = limit
        self.status = self.code = self.sent = self._times_told = 0
        self._is_told = False
        self._end: ASGIMessage | None = None
        self._messages: deque[ASGIMessage] = deque()
        self._ahead = 0
        self._news, self._room = asyncio.Event(), asyncio.Event()
        self._order = asyncio.Lock()
        self._denial: tuple[int, Headers, list[bytes]] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def receive(self) -> ASGIMessage:
        """The next message of the client, `websocket.disconnect` at the end.

        Raises:
            SocketClosedError: it was told so many times, and would be for ever.
        """
        if not self._is_told:
            self._is_told = True
            return {"type": "websocket.connect"}
        while not self._messages:
            if self._end is not None:
                self._times_told += 1
                if self._times_told > _MOST_TOLD:
                    raise SocketClosedError("The WebSocket has ended.")
                return dict(self._end)
            self._news.clear()
            await self._news.wait()
        message = self._messages.popleft()
        self._ahead -= _size(message)
        self._room.set()
        return message

    async def send(self, message: ASGIMessage) -> None:
        """Accept, refuse, send or close; waits as long as the client does not read.

        Raises:
            SocketClosedError: the WebSocket has ended.
            RuntimeError: the message has no place here.
            TypeError, ValueError: it holds what cannot be sent.
        """
        kind = message["type"]
        if kind == "websocket.send":
            await self._send(message)
        elif kind == "websocket.accept":
            await self._accept(message)
        elif kind == "websocket.close":
            code, reason = _checked_end(message)
            if self.status:
                await self.close(code, reason)
            else:
                await self.deny(Reply(403, [], b""))
        elif kind == "websocket.http.response.start":
            self._require_first()
            self._denial = message["status"], as_text(message.get("headers", ())), []
        elif kind == "websocket.http.response.body" and self._denial is not None:
            status, headers, parts = self._denial
            parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self.deny(Reply(status, headers, b"".join(parts)))
        else:
            raise RuntimeError(f"A WebSocket has no place for {kind!r} (ASGI, WebSocket).")

    async def _send(self, message: ASGIMessage) -> None:
        if not self.status:
            raise RuntimeError("The WebSocket was not accepted yet: nothing can be sent.")
        given = _data(message)
        async with self._order:
            if self._end is not None:
                raise SocketClosedError("The WebSocket has ended.")
            try:
                await self._engine.send(given)
            except RuntimeError as error:  # the engine's word for a connection that is gone
                raise SocketClosedError("The WebSocket has ended.") from error
            self.sent += _size(given)
            if self._end is not None and self._closing is None:
                raise SocketClosedError("The WebSocket has ended.")

    async def _accept(self, message: ASGIMessage) -> None:
        self._require_first()
        accepted: ASGIMessage = {"type": "websocket.accept"}
        subprotocol = message.get("subprotocol")
        if subprotocol is not None:
            if subprotocol not in self._offered:
                raise ValueError(
                    f"The client did not offer the subprotocol {subprotocol!r} (RFC 6455, section "
                    "4.2.2): choose one of scope['subprotocols'], or none."
                )
            accepted["subprotocol"] = subprotocol
        if message.get("headers"):
            _warn_of_headers()
        await self._engine.send(accepted)
        self.status = ACCEPTED
        self._reader = asyncio.get_running_loop().create_task(self._read())

    def _require_first(self) -> None:
        if self._end is not None:
            raise SocketClosedError("The WebSocket has ended.")
        if self.status:
            raise RuntimeError("The WebSocket was accepted already.")

    async def _read(self) -> None:
        try:
            await self._read_on()
        finally:
            self._ended(LOST, "")  # whatever it was: who waits for more would wait for ever

    async def _read_on(self) -> None:
        while True:
            message = await self._engine.receive()
            if message["type"] == "websocket.disconnect":
                # Reaches a client that broke the protocol; elsewhere the connection has ended.
                await self._engine.send({"type": "websocket.close", "code": BROKEN})
                self._ended(message.get("code") or UNNAMED, "")
                return
            if self._limit and _bytes(message) > self._limit:
                text = f"A message of more than {self._limit} bytes."
                await self.close(TOO_BIG, text)
                return
            self._messages.append(message)
            self._ahead += _size(message)
            self._news.set()
            while self._ahead >= _AHEAD:
                self._room.clear()
                await self._room.wait()

    def _ended(self, code: int, reason: str) -> None:
        if self._end is None:
            self.code = code
            self._end = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._news.set()

    async def deny(self, reply: Reply) -> None:
        """Answer the handshake with an HTTP response instead of a WebSocket."""
        self._require_first()
        status, headers, body = checked(reply, "GET")
        self.status = status
        self.sent = len(body) if isinstance(body, bytes) else 0
        self._ended(LOST, "")
        fields = [(name.lower().encode(), sent_bytes(value)) for name, value in headers]
        start = {"type": "websocket.http.response.start", "status": status, "headers": fields}
        await self._engine.send(start)
        await self._engine.send({"type": "websocket.http.response.body", "body": body})

    async def close(self, code: int, reason: str = "") -> None:
        """Close an open WebSocket; the application is told once it has the client's messages."""
        if self._end is None:
            self._ended(code, reason)
            last: ASGIMessage = {"type": "websocket.close", "code": code, "reason": reason}
            saying = self._say_last(partial(self._engine.send, last))
            self._closing = asyncio.get_running_loop().create_task(saying)
        if self._closing is not None:
            await asyncio.shield(self._closing)

    async def finish(self) -> None:
        """End what runs for it, once the application has ended."""
        if self._closing is not None:
            await asyncio.wait({self._closing}, timeout=_CLOSE_SECONDS)
        for task in filter(None, (self._reader, self._closing)):
            task.cancel()


def _data(message: ASGIMessage) -> ASGIMessage:
    text = message.get("text")
    if text is not None:
        if not isinstance(text, str):
            raise TypeError(f"Expected the text of a message to be str, found {_kind(text)}.")
        text.encode()  # half of a surrogate pair would be sent as no text at all
        return {"type": "websocket.send", "text": text}
    data = message.get("bytes")
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"Expected a message to hold str or bytes, found {_kind(data)}.")
    return {"type": "websocket.send", "bytes": bytes(data)}


def _kind(value: object) -> str:
    return type(value).__name__


def _checked_end(message: ASGIMessage) -> tuple[int, str]:
    """Code and reason of a close (RFC 6455, sections 5.5 and 7.4)."""
    code, reason = message.get("code", 1000), message.get("reason") or ""
    is_known = type(code) is int and (code in _CODES or 3000 <= code <= 4999)
    if not is_known:
        raise ValueError(
            f"A WebSocket cannot be closed with the code {code!r}: expected 1000 to 1003, 1007 to "
            "1014, or 3000 to 4999 (RFC 6455, section 7.4)."
        )
    if len(reason.encode()) > _MOST_REASON:
        raise ValueError(
            f"The reason of a close has {len(reason.encode())} bytes: at most {_MOST_REASON} can "
            "be sent (RFC 6455, section 5.5)."
        )
    return code, reason


_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})


def _size(message: ASGIMessage) -> int:
    text = message.get("text")
    return len(message["bytes"] if text is None else text) or 1


def _bytes(message: ASGIMessage) -> int:
    text: Any = message.get("text")
    return len(message["bytes"]) if text is None else len(text.encode())


def _warn_of_headers() -> None:
    if not _warned:
        _warned.append("")
        _log.warning(
            "A WebSocket was accepted with header fields of its own, which the server's engine "
            "does not send. Send them in the first message. Others are not told of."
        )
