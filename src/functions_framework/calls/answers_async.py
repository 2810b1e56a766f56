"""An async host's whole response to a scope; see `answers`."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.outgoing import passed
from functions_framework.logs import log_crash

from .answers import Answer, as_sent, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from functions_framework.model.interfaces import ASGIMessage, AsyncHost, Scope


async def answer_of(
    host: AsyncHost, scope: Scope, content: bytes, *, has_length: bool = True
) -> Answer:
    """Have an async host answer a scope, on the running loop.

    Args:
        host: answers it.
        scope: of the request.
        content: the request's whole body.
        has_length: as in `answers`.
    """
    client = _Client(content)
    method = scope["method"]
    try:
        reply = passed(await host.respond(scope, client), method, scope)
        body: Any = reply.body
        if isinstance(body, bytes):
            await _close(body)
            return read(reply, method, bytes(body), has_length=has_length)
        whole, is_whole = await _read(body, method, scope["path"])
        return read(reply, method, whole, is_whole=is_whole, has_length=has_length)
    finally:
        client.leave()


class _Client:
    """What gives an application the body, and says that the client has left when that is so."""

    def __init__(self, content: bytes) -> None:
        self._content: bytes | None = content
        self._left: asyncio.Event | None = None
        self._is_gone = False

    async def __call__(self) -> ASGIMessage:
        """See ASGI 3, `receive`."""
        if self._content is not None:
            return {"type": "http.request", "body": self._take(), "more_body": False}
        if not self._is_gone:
            self._left = self._left or asyncio.Event()
            await self._left.wait()  # a client that stays until it has its response
        return {"type": "http.disconnect"}

    async def whole(self) -> bytes:
        """The body in one piece (see `hosts.asgi.scope.read_body`)."""
        return self._take()

    def _take(self) -> bytes:
        content, self._content = self._content, None
        return content or b""

    def leave(self) -> None:
        """It has its response."""
        self._is_gone = True
        if self._left is not None:
            self._left.set()


async def _read(body: AsyncIterable[Any], method: str, path: str) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    try:
        async for part in body:
            parts.append(as_sent(part))  # noqa: PERF401 - kept when the stream breaks off
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - the server logs it and cuts the connection
        log_crash(error, method=method, path=path)
        return b"".join(parts), False
    finally:
        await _close(body)
    return b"".join(parts), True


async def _close(body: object) -> None:
    close = getattr(body, "aclose", None)
    if close is not None:
        closing = close()
        if inspect.isawaitable(closing):
            await closing
