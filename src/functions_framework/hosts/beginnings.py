"""Streams whose first part is known: nothing of a reply is sent before it (PEP 3333).

So a stream that fails at its very start is answered as a function that fails is. What its parts may
be is checked here as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.runtime.closing import aclose, close
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_log = own_logger("functions_framework.hosts")


def data_of(part: object) -> bytes:
    """A part as it is sent.

    Raises:
        TypeError: it is neither text nor bytes.
        UnicodeEncodeError: it holds half of a surrogate pair.
    """
    if isinstance(part, str):
        return part.encode()
    if isinstance(part, bytes):
        return part
    if isinstance(part, (bytearray, memoryview)):
        return bytes(part)
    raise TypeError(
        f"Expected the parts of a stream to be str or bytes, found {type(part).__name__}."
    )


class Begun:
    """A stream that can be sent; made by `begin`."""

    def __init__(self, body: object, parts: Iterator[Any], first: bytes | None) -> None:
        self._body = body
        self._parts = parts
        self._first = first
        self._is_empty = first is None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        if self._is_empty:
            raise StopIteration
        return data_of(next(self._parts)) if first is None else first

    def close(self) -> None:
        """Close what is streamed, once."""
        body, self._body = self._body, None
        if body is not None:
            close(self._parts, body)


def begin(body: Any) -> Begun:
    """Draw the first part of a blocking stream that is not empty, if there is one.

    Raises:
        BaseException: what it raises until then; it is closed.
    """
    if isinstance(body, Begun):
        return body
    parts = None
    try:
        parts = iter(body)
        first = next(filter(None, map(data_of, parts)), None)
    except BaseException:
        try:
            close(parts, body)
        except Exception:  # noqa: BLE001 - the first failure is the one to answer
            _log.exception("Closing the response's body failed.")
        raise
    return Begun(body, parts, first)


class AsyncBegun:
    """The same on an event loop; made by `begin_async`."""

    def __init__(self, body: object, parts: AsyncIterator[Any], first: bytes | None) -> None:
        self._body = body
        self._parts = parts
        self._first = first
        self._is_empty = first is None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        if self._is_empty:
            raise StopAsyncIteration
        return data_of(await anext(self._parts)) if first is None else first

    async def aclose(self) -> None:
        """Close what is streamed, once."""
        body, self._body = self._body, None
        if body is not None:
            await aclose(self._parts, body)


async def begin_async(body: Any) -> AsyncBegun:
    """Draw the first part of an async stream that is not empty, if there is one.

    Raises:
        BaseException: what it raises until then; it is closed.
    """
    parts: Any = None
    first = None
    try:
        parts = aiter(body)
        async for part in parts:
            if first := data_of(part) or None:
                break
    except BaseException:
        try:
            await aclose(parts, body)
        except Exception:  # noqa: BLE001 - the first failure is the one to answer
            _log.exception("Closing the response's body failed.")
        raise
    return AsyncBegun(body, parts, first)
