"""A body that comes in pieces, to be had whole: it is held once, however long it is."""

from __future__ import annotations

from io import BytesIO

_SHORT = 2**21
"""Bytes up to which joining pieces is faster than moving what grows."""


class Whole:
    """The pieces of a body so far.

    A short body's are joined. From 2 MiB on they would be new memory beside that of the body, so
    then it grows in place, where the system moves it without a copy, and is given away as it is.
    """

    __slots__ = ("_grown", "_pieces", "_size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._grown: BytesIO | None = None

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        if self._grown is not None:
            self._grown.write(piece)
            return
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size >= _SHORT:
            self._grown = BytesIO()
            self._grown.write(b"".join(self._pieces))
            self._pieces.clear()

    def taken(self) -> bytes:
        """All of it."""
        return b"".join(self._pieces) if self._grown is None else self._grown.getvalue()
