"""What stands for the engine's own body where that will not do; the rules are in `body`."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..wire.interfaces import Source


class Collected:
    """A body over HTTP/2, which the engine is asked for at once.

    Asked for in pieces, it never returns when the stream is reset, and uses up a processor.

    Args:
        source: Granian's own body.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._content: BytesIO | None = None

    def read(self, size: int | None = None) -> bytes:
        """Read as from a file; wait for all of it first."""
        if self._content is None:
            self._content = BytesIO(self._source.read())
        return self._content.read(size)


class NoBody:
    """The `wsgi.input` of every request without a body: at its end from the start."""

    __slots__ = ()

    def read(self, _size: int | None = -1) -> bytes:
        """Read nothing."""
        return b""

    readline = read

    def readlines(self, _hint: int | None = -1) -> list[bytes]:
        """Read no lines."""
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


NO_BODY = NoBody()
