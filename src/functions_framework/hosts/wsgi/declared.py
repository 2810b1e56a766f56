"""A body of a WSGI server that doesn't end it, held to the length that was declared.

PEP 3333 leaves reading past `CONTENT_LENGTH` to the server. wsgiref's, and Werkzeug's behind
`flask run`, read on from the connection then, where nothing comes until the client gives up.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ


class DeclaredBody(io.RawIOBase):
    """A `wsgi.input` that is at its end after as many bytes as were declared.

    Whoever reads it, be it another application that was given the environ, what has been read
    isn't asked for again.
    """

    def __init__(self, body: Any, length: int) -> None:
        """Begin before the first byte.

        Args:
            body: the server's.
            length: of it.
        """
        self._body = body
        self._left = length

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Read as many bytes, or all that are left."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        part: bytes = self._body.read(wanted) if wanted else b""
        self._left -= len(part)
        return part

    def readall(self) -> bytes:
        """Read all that is left."""
        return self.read()

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, as far as there is something left."""
        part = self.read(len(buffer))
        buffer[: len(part)] = part
        return len(part)

    def readline(self, size: int | None = -1) -> bytes:
        """Read a line, or as many bytes of it."""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        line: bytes = self._body.readline(wanted) if wanted else b""
        self._left -= len(line)
        return line


def hold_to_length(environ: Environ) -> None:
    """Have nobody read past the end of a body which the server doesn't end."""
    if not environ.get("wsgi.input_terminated"):
        declared = environ.get("CONTENT_LENGTH") or ""
        if declared.isdecimal():
            environ["wsgi.input"] = DeclaredBody(environ["wsgi.input"], int(declared))
