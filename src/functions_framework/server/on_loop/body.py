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


def declared_length(headers: dict[str, str], request: Any) -> tuple[int | None, bool]:
    """The body's length as declared, and whether trailers were announced.

    The length is 0 for no body, None when only its end will tell.
    """
    declared = headers.get("content-length")
    if "transfer-encoding" in headers:
        return None, "trailer" in headers
    if declared is not None:
        return int(declared), False
    if request.http_version == "2" and request.method not in {"GET", "HEAD"}:
        return None, "trailer" in headers
    return 0, False


class Receive:
    """The ASGI `receive` of one request.

    Args:
        protocol: Granian's.
        length: the declared Content-Length, None when only the end will tell.
        has_trailers: whether trailers were announced, which look like a broken body to us.
        limit: bytes it may have, 0 for any number; a longer one is refused when it is read.
        senders: watches that more of it comes, None where nobody does.

    Attributes:
        has_unread: whether some of it was not received.
        is_read: whether all of it was.
        is_broken: whether the client broke off.
        is_late: whether the client has stopped sending; set by who watches.
    """

    __slots__ = (
        "_has_trailers",
        "_is_started",
        "_left",
        "_limit",
        "_protocol",
        "_senders",
        "_taken",
        "has_unread",
        "is_broken",
        "is_late",
        "is_read",
    )

    def __init__(
        self,
        protocol: Any,
        length: int | None,
        *,
        has_trailers: bool = False,
        limit: int = 0,
        senders: AsyncSlowSenders | None = None,
    ) -> None:
        self._protocol = protocol
        self._left = length
        self._has_trailers = has_trailers
        self._is_started = False
        self._limit = limit
        self._taken = 0
        self._senders = senders
        self.has_unread = length != 0
        self.is_read = False
        self.is_broken = False
        self.is_late = False

    async def __call__(self) -> dict[str, Any]:
        """The next message: the body's parts, then the client's going.

        Raises:
            MalformedRequest: the client broke off before the body's end.
            BodyTooLarge: it is longer than the limit.
            BodyTooSlow: the client has stopped sending.
        """
        if self.is_read:
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
        self._taken += len(part)
        if self._left is not None:
            self._left -= len(part)
            self.is_read = not part or self._left == 0
            self.is_broken = not part and self._left > 0
        elif not part:
            self.is_read = True
            self.is_broken = not self._has_trailers and not await self._has_ended()
        self.has_unread = not self.is_read
        return part

    async def _at_once(self, length: int) -> bytes:
        """All of a small body, with one wait; what is not whole is broken."""
        self._is_started = True
        try:
            body = await self._waited(self._protocol())
        except RuntimeError:  # Granian's RSGIProtocolError: the client broke off
            body = b""
        self.is_read = True
        self.has_unread = False
        self.is_broken = len(body) != length
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

    async def _has_ended(self) -> bool:
        """Granian gives one empty part at the end, and two where the body broke off."""
        try:
            await self._protocol.__anext__()
        except StopAsyncIteration:
            return True
        return False
