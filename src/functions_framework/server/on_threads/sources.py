"""What stands for the engine's own body where that will not do; the rules are in `body`."""

from __future__ import annotations

from contextlib import contextmanager
from io import BytesIO
from threading import Lock
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


class Room:
    """Memory for bodies that nobody wants, of which the engine gives no parts over HTTP/2.

    Args:
        most: bytes of one.
        together: bytes of all that are held at a time.
    """

    def __init__(self, most: int, together: int) -> None:
        self._most = most
        self._left = together
        self._lock = Lock()

    @contextmanager
    def holding(self, size: int) -> Iterator[bool]:
        """Whether there is room for one, until the end."""
        with self._lock:
            is_there = size <= min(self._most, self._left)
            held = size * is_there
            self._left -= held
        try:
            yield is_there
        finally:
            with self._lock:
                self._left += held


UNWANTED = Room(2**24, 2**26)


class NoBody:
    """The `wsgi.input` of every request without a body: at its end from the start."""

    __slots__ = ()
    is_read = True

    def read(self, _size: int | None = -1) -> bytes:
        """Read nothing."""
        return b""

    readline = read

    def drain(self) -> None:
        """There is nothing to drop."""

    def readlines(self, _hint: int | None = -1) -> list[bytes]:
        """Read no lines."""
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


NO_BODY = NoBody()
