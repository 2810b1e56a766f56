"""A request's body as an async function receives it, in ASGI's messages: whole or refused."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import BodyTooSlow, MalformedRequest

from ..wire.limits import too_large

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .slow_senders import AsyncSlowSenders

WHOLE = 1 << 16
"""Bodies of at most so many declared bytes are read at once, with one wait instead of two."""

_DISCONNECT = {"type": "http.disconnect"}
_EMPTY_PARTS = 100
"""Empty parts without an end between them after which a body over HTTP/2 counts as broken."""
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


def declared_length(headers: dict[str, str], request: Any) -> int | None:
    """The body's length as declared, 0 for no body, None when only its end will tell."""
    if "transfer-encoding" not in headers:
        declared = headers.get("content-length")
        if declared is not None:
            return int(declared)
        if request.http_version != "2":
            return 0
    return None


class Receive:
    """The ASGI `receive` of one request.

    Args:
        protocol: Granian's.
        length: the declared Content-Length, None when only the end will tell.
        tells_end: whether the engine tells a body's end from one that broke off, read in parts.
        limit: bytes it may have, 0 for any number; a longer one is refused when it is read.
        senders: watches that more of it comes, None where nobody does.

    Attributes:
        has_unread: whether some of it was not received.
        is_asked: whether the function has asked for its client's going, and so ends itself.
        is_read: whether all of it was.
        is_broken: whether the client broke off.
        is_late: whether the client has stopped sending; set by who watches.
    """

    __slots__ = (
        "_is_started",
        "_left",
        "_limit",
        "_protocol",
        "_senders",
        "_taken",
        "_tells_end",
        "has_unread",
        "is_asked",
        "is_broken",
        "is_late",
        "is_read",
    )

    def __init__(
        self,
        protocol: Any,
        length: int | None,
        *,
        tells_end: bool = False,
        limit: int = 0,
        senders: AsyncSlowSenders | None = None,
    ) -> None:
        self._protocol = protocol
        self._left = length
        self._tells_end = tells_end
        self._is_started = False
        self._limit = limit
        self._taken = 0
        self._senders = senders
        self.has_unread = length != 0
        self.is_asked = False
        self.is_read = False
        self.is_broken = False
        self.is_late = False

    @classmethod
    def of(
        cls,
        protocol: Any,
        request: Any,
        headers: dict[str, str],
        limit: int,
        senders: AsyncSlowSenders | None,
    ) -> Receive:
        """The one of a request, from its header fields by lower-case name."""
        length = declared_length(headers, request)
        if length is not None:
            return cls(protocol, length, limit=limit, senders=senders)
        is_http2 = request.http_version == "2"
        tells_end = is_http2 or "trailer" in headers
        found = cls(protocol, length, tells_end=tells_end, limit=limit, senders=senders)
        if is_http2 and request.method in _WITHOUT_BODY:
            # It may have one, and hardly ever has.
            found.has_unread = False
        return found

    @property
    def is_too_long(self) -> bool:
        """Whether more is declared than it may have."""
        return 0 < self._limit < (self._left or 0)

    async def __call__(self) -> dict[str, Any]:
        """The next message: the body's parts, then the client's going.

        Raises:
            MalformedRequest: the client broke off before the body's end.
            BodyTooLarge: it is longer than the limit.
            BodyTooSlow: the client has stopped sending.
        """
        if self.is_read:
            self.is_asked = True
            await self._protocol.client_disconnect()
            return _DISCONNECT
        part = await self._next()
        self._check()
        return {"type": "http.request", "body": part, "more_body": not self.is_read}

    def whole(self) -> Awaitable[bytes]:
        """All that was not received yet.

        Raises:
            RequestRefused: as when a message is received.
        """
        left = self._left
        if left and left <= WHOLE and not self._is_started:
            return self._at_once(left)
        return self._in_parts()

    async def _in_parts(self) -> bytes:
        parts = []
        while not self.is_read:
            parts.append(await self._next())
            self._check()
        return b"".join(parts)

    def _check(self) -> None:
        if 0 < self._limit < self._taken:
            raise too_large(self._limit)
        if self.is_broken:
            raise MalformedRequest("The request body was cut off before its end.")

    async def drain(self, limit: int = 0) -> None:
        """Read what the function left unread, and forget it; a broken body is no error here.

        Args:
            limit: bytes after which to stop, 0 for all.
        """
        until = self._taken + limit if limit else None
        with suppress(BodyTooSlow, MalformedRequest):
            while not self.is_read and (until is None or self._taken < until):
                await self._next()

    async def _next(self) -> bytes:
        left = self._left
        if left == 0:
            self.is_read = True
            return b""
        if not self._is_started:
            if left is not None and left <= WHOLE:
                return await self._at_once(left)
            self._is_started = True
            self._protocol.__aiter__()
        part = await self._waited(self._protocol.__anext__())
        if not part:
            part = await self._after_nothing()
        self._taken += len(part)
        if left is not None:
            self._left = left = left - len(part)
            self.is_broken = self.is_read and left > 0
            self.is_read = self.is_read or left == 0
        self.has_unread = not self.is_read
        return part

    async def _after_nothing(self) -> bytes:
        """The next part after an empty one, or nothing and the end.

        The engine gives an empty part at a body's end, for an empty DATA frame, for trailers and
        where the body broke off; then the end follows, but for a stream of HTTP/2 that broke off.
        """
        for _ in range(_EMPTY_PARTS):
            try:
                part = await self._waited(self._protocol.__anext__())
            except StopAsyncIteration:
                self.is_read = True
                return b""
            if part:
                return part
            if not self._tells_end:
                break
        self.is_read = self.is_broken = True
        return b""

    async def _at_once(self, length: int) -> bytes:
        """All of a small body, with one wait; what is not whole is broken."""
        self._is_started = True
        try:
            body = await self._waited(self._protocol())
        except RuntimeError:  # Granian's RSGIProtocolError: the client broke off
            body = b""
        self.is_broken = len(body) != length
        self.is_read = True
        self.has_unread = False
        self._check()
        return body

    async def _waited(self, part: Awaitable[bytes]) -> bytes:
        """Wait for the engine's next part, under watch."""
        senders = self._senders
        task = asyncio.current_task()
        if senders is None or task is None:
            return await part
        senders.begin(self, task)
        try:
            return await part
        except asyncio.CancelledError:
            if not self.is_late:
                raise
            if sys.version_info >= (3, 11):
                task.uncancel()  # it was no request to end the call
            self.is_read = True
            raise senders.refusal() from None
        finally:
            senders.end(self)
