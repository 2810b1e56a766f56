"""A request's body as an async function receives it, in ASGI's messages: whole or refused."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from functions_framework.exceptions import BodyTooSlow, MalformedRequest

from ..wire.incoming import check_coding
from ..wire.limits import too_large
from ..wire.whole import Whole

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIMessage

    from ..wire.interfaces import AsyncProtocol, RequestHead
    from .slow_senders import AsyncSlowSenders

_AFTER_REFUSAL = 16 * 2**20
_LARGE_PART = 2**15
"""Bytes of a part from which more of its size are to be expected."""
_DISCONNECT = {"type": "http.disconnect"}
_WITHOUT_BODY = frozenset({"GET", "HEAD"})


def declared_length(headers: dict[str, str], request: RequestHead) -> int | None:
    """The body's length as declared, 0 for no body, None when only its end will tell.

    Raises:
        MalformedRequest: it has a Transfer-Encoding that is not decoded.
    """
    if "transfer-encoding" in headers:
        check_coding(headers["transfer-encoding"])
        return None
    declared = headers.get("content-length")
    if declared is not None:
        return int(declared)
    return None if request.http_version == "2" else 0


class Receive:
    """The ASGI `receive` of one request.

    Args:
        protocol: of the request (`wire.exchange`).
        length: the declared Content-Length, None when only the end will tell.
        limit: bytes it may have, 0 for any number; a longer one is refused when it is read.
        senders: watches that more of it comes, None where nobody does.

    Attributes:
        has_unread: whether some of it was not received.
        is_asked: whether the function has asked for its client's going, and so ends itself.
        is_read: whether all of it was.
        is_too_long: whether more is declared, or was received, than it may have.
        is_broken: whether the client broke off.
        is_late: whether the client has stopped sending; set by who watches.
        is_waiting: whether somebody waits for more of it.
    """

    # No slots: most are read at once, or have nothing to read.
    is_read = False
    is_broken = False
    is_asked = False
    is_late = False
    is_too_long = False
    is_waiting = False
    _taken = 0

    def __init__(
        self,
        protocol: AsyncProtocol,
        length: int | None,
        limit: int = 0,
        senders: AsyncSlowSenders | None = None,
    ) -> None:
        self._protocol = protocol
        self._left = length
        self._limit = limit
        self._senders = senders
        self.has_unread = length != 0
        if limit and length is not None:
            self.is_too_long = length > limit

    @classmethod
    def of(
        cls,
        protocol: AsyncProtocol,
        request: RequestHead,
        headers: dict[str, str],
        limit: int,
        senders: AsyncSlowSenders | None,
    ) -> Receive:
        """The one of a request, from its header fields by lower-case name."""
        length = declared_length(headers, request)
        found = cls(protocol, length, limit, senders)
        if length is None and request.http_version == "2" and request.method in _WITHOUT_BODY:
            # It may have one, and hardly ever has.
            found.has_unread = False
        return found

    @property
    def is_over(self) -> bool:
        """Whether nothing more of it is to come."""
        return self.is_read or self._left == 0

    async def __call__(self) -> ASGIMessage:
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

    async def whole(self) -> bytes:
        """All that was not received yet.

        Raises:
            RequestRefused: as when a message is received.
        """
        left = self._left
        part = await self._next()
        self._check()
        if self.is_read:
            return part
        whole = Whole(left)
        whole.add(part)
        while not self.is_read:
            whole.add(await self._next())
            self._check()
        return whole.taken()

    def _check(self) -> None:
        if 0 < self._limit < self._taken:
            self.is_too_long = True
            raise too_large(self._limit)
        if self.is_broken:
            raise MalformedRequest("The request body was cut off before its end.")

    def takes_rest(self, request: RequestHead) -> bool:
        """Whether what the function left unread is read before the response.

        Under a limit that ends the connection instead. Over HTTP/2 it cannot, as calls share one:
        who is refused is told so at once, and everybody else is read to the end.
        """
        if not self._limit:
            return True
        is_http2 = request.http_version == "2"
        return is_http2 and not self.is_too_long and not request.header(b"expect")

    async def drain_refused(self, request: RequestHead) -> None:
        """Read on after the response, for a client that reads it when it has sent all it may.

        One that asks first (`Expect`) sends when some was read.
        """
        if self._taken or not request.header(b"expect"):
            # Over HTTP/2 no end of the connection stops it, and a reset costs some the response.
            await self.drain(0 if request.http_version == "2" else max(_AFTER_REFUSAL, self._limit))

    async def drain(self, limit: int = 0) -> None:
        """Read what the function left unread, and forget it; a broken body isn't an error here.

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
        senders = self._senders
        self.is_waiting = True
        if senders is not None:
            senders.begin(self)
        try:
            message = await self._protocol.receive()
        except asyncio.CancelledError:
            if not self.is_late or senders is None:
                raise
            _uncancel()
            self.is_read = True
            raise senders.refusal() from None
        finally:
            self.is_waiting = False
            if senders is not None:
                senders.end(self)
        part = message.get("body", b"")
        # A body that broke off ends with `http.disconnect`.
        self.is_read = not message.get("more_body", False)
        self.is_broken = message["type"] == "http.disconnect"
        self._taken += len(part)
        if left is not None:
            self._left = left = left - len(part)
            self.is_broken = self.is_broken or (self.is_read and left > 0)
            self.is_read = self.is_read or left == 0
        self.has_unread = not self.is_read
        if left and len(part) >= _LARGE_PART:
            self._protocol.read_ahead(left)
        return part


def _uncancel() -> None:
    """Take back a cancellation that wasn't a request to end the call."""
    task = asyncio.current_task()
    if sys.version_info >= (3, 11) and task is not None:
        task.uncancel()
