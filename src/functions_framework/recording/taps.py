"""Request bodies that are kept while the function reads them, up to a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .value import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.interfaces import ASGIMessage, InputStream, Receive


_PIECE = 1 << 16


class Kept:
    """The start of a body, and how long it was.

    Args:
        most: how many of its bytes are kept.

    Attributes:
        start: its first bytes.
        size: all that came; of a longer one that was not read to its end, what was declared.
    """

    __slots__ = ("_most", "size", "start")

    def __init__(self, most: int = LARGEST_BODY) -> None:
        self._most = most
        self.start = bytearray()
        self.size = 0

    def add(self, part: bytes | str) -> None:
        """Take note of the next part."""
        data = part.encode() if isinstance(part, str) else part
        self.size += len(data)
        room = self._most - len(self.start)
        if room > 0:
            self.start += data[:room]

    def stop(self, declared: str | None) -> None:
        """Take note that no more is read of a body, whose declared length is this."""
        if declared and self.size > self._most:
            self.size = max(self.size, int(declared))


class BodyTap:
    """A `wsgi.input` (PEP 3333) that is read through.

    Args:
        source: the server's own.
        most: how many bytes are kept.
    """

    def __init__(self, source: InputStream, most: int = LARGEST_BODY) -> None:
        self._source = source
        self.kept = Kept(most)

    def read(self, size: int | None = -1) -> bytes:
        """Read up to `size` bytes, all that is left when negative or None."""
        # Handed on as asked: only who asks for all at once is told of a chunked body that broke.
        data: bytes = self._source.read(size)
        self.kept.add(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Read up to and with the next newline, at most `size` bytes."""
        line: bytes = self._source.readline(size)
        self.kept.add(line)
        return line

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """Read all lines, or as many as reach `hint` bytes."""
        lines: list[bytes] = self._source.readlines(hint)
        for line in lines:
            self.kept.add(line)
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def read_rest(self, most: int, declared: str | None = None) -> None:
        """Read what the function left unread, until `most` bytes are kept.

        Args:
            most: how many.
            declared: the body's Content-Length, where its size is asked for.

        Raises:
            RequestRefused: the client broke off, or sends more than the server takes.
        """
        while self.kept.size <= most and self.read(_PIECE):
            pass
        self.kept.stop(declared)


class AsyncBodyTap:
    """An ASGI `receive` that is read through.

    Args:
        receive: the server's own.
        most: how many bytes are kept.
    """

    def __init__(self, receive: Receive, most: int = LARGEST_BODY) -> None:
        self._receive = receive
        self._is_read = False
        self.kept = Kept(most)

    async def __call__(self) -> ASGIMessage:
        """The next message."""
        message = await self._receive()
        if message["type"] == "http.request":
            self.kept.add(message.get("body", b""))
            self._is_read = not message.get("more_body", False)
        else:
            self._is_read = True
        return message

    async def read_rest(self, most: int, declared: str | None = None) -> None:
        """Read what the function left unread, until `most` bytes are kept.

        Args:
            most: how many.
            declared: the body's Content-Length, where its size is asked for.

        Raises:
            RequestRefused: the client broke off, or sends more than the server takes.
        """
        while not self._is_read and self.kept.size <= most:
            await self()
        self.kept.stop(declared)
