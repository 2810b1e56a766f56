"""Large bodies, given to the engine slice by slice although they are whole.

The engine copies what it is to send. For a copy of 8 MiB or more its allocator asks the system for
memory and gives it back at once, so that most of the time goes into the clearing of pages; slices
take the memory of those before them. Below that size, one copy is faster than many.
"""

from __future__ import annotations

LARGE = 2**23
"""Bytes from which on a whole body is sent in slices."""

SLICE = 2**18
"""Bytes of one slice. Half as many take twice as many changes of threads, more leave the caches."""


class Slices:
    """A large body as the engine pulls it from a thread.

    Args:
        body: all of it.
    """

    __slots__ = ("_at", "_body")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def __len__(self) -> int:
        return len(self._body)

    def __next__(self) -> bytes:
        at = self._at
        if at >= len(self._body):
            raise StopIteration
        self._at = end = at + SLICE
        return self._body[at:end]

    def close(self) -> None:
        """Called by the engine at the end, and when the client has gone; lets go of the body."""
        self._body = b""

    finish = close
