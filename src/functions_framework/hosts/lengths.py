"""Streams that declared a length, held to it; the gate (`outgoing`) puts them around others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class _Length:
    """How much of a stream's declared length is still to come."""

    def __init__(self, body: Any, length: int) -> None:
        self._body = body
        self._parts: Any = None
        self._length = length
        self._left = length

    def _count(self, part: Any) -> Any:
        """Take note of a part; what is neither text nor bytes is for whoever sends it.

        Raises:
            ValueError: the stream is longer than declared.
        """
        data = part.encode() if isinstance(part, str) else part
        if isinstance(data, (bytes, bytearray, memoryview)):
            self._left -= len(data)
            if self._left < 0:
                raise ValueError(f"The stream is longer than its Content-Length: {self._length}.")
        return data

    def _end(self) -> None:
        if self._left:
            raise ValueError(
                f"The stream ended {self._left} bytes before its Content-Length: {self._length}."
            )


class Held(_Length):
    """A stream that is held to the length it declared."""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._parts is None:
            self._parts = iter(self._body)
        try:
            part = next(self._parts)
        except StopIteration:
            self._end()
            raise
        return self._count(part)  # type: ignore[no-any-return]

    def close(self) -> None:
        """Close the stream."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class AsyncHeld(_Length):
    """The same on an event loop."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._parts is None:
            self._parts = aiter(self._body)
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:
            self._end()
            raise
        return self._count(part)  # type: ignore[no-any-return]

    async def aclose(self) -> None:
        """Close the stream."""
        close = getattr(self._body, "aclose", None)
        if close is not None:
            await close()
