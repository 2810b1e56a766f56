"""Bodies of requests that are read before it is known whether the host is to read them."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.interfaces import ASGIMessage, InputStream, Receive


class HeldBody:
    """A `wsgi.input` (PEP 3333) that is read at once and can be read again.

    Args:
        source: the server's own.
    """

    def __init__(self, source: InputStream) -> None:
        self._source: Any = source

    def hold(self) -> bytes:
        """The whole body; empty where it broke off, of which its next reader is told."""
        try:
            body: bytes = self._source.read()
        except BaseException as error:  # noqa: BLE001 - the next reader's
            self._source = _Broken(error)
            return b""
        self._source = BytesIO(body)
        return body

    def read(self, size: int | None = -1) -> bytes:
        """Up to `size` bytes, all that is left without."""
        return self._source.read(size)  # type: ignore[no-any-return]

    def readline(self, size: int | None = -1) -> bytes:
        """Up to and with the next newline, at most `size` bytes."""
        return self._source.readline(size)  # type: ignore[no-any-return]

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """All lines, or as many as reach `hint` bytes."""
        return self._source.readlines(hint)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._source)


class _Broken:
    """Raises what the source of a body raised, whichever way it is read."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def read(self, _size: int | None = -1) -> bytes:
        raise self._error

    readline = readlines = __iter__ = read


class HeldReceive:
    """An ASGI `receive` whose body is read at once and can be read again.

    Args:
        receive: the server's own.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._held: list[ASGIMessage] = []
        self._error: BaseException | None = None

    async def hold(self) -> bytes:
        """The whole body; empty where it broke off, of which its next reader is told."""
        while True:
            try:
                message = await self._receive()
            except Exception as error:  # noqa: BLE001 - the next reader's
                self._error = error
                return b""
            self._held.append(message)
            if message["type"] != "http.request":
                return b""
            if not message.get("more_body", False):
                return b"".join([message.get("body", b"") for message in self._held])

    async def __call__(self) -> ASGIMessage:
        """The next message."""
        if self._held:
            return self._held.pop(0)
        if self._error is not None:
            raise self._error
        return await self._receive()
