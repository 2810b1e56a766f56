"""A sender's faults in what a whole application reads: told in its own terms, and answered so.

An application does not know the exceptions that a body is refused with. It would take them for
crashes of its own; the one to answer is the sender.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import BodyTooLarge, RequestRefused
from functions_framework.signatures.responses import instead

from .errors import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_framework.model.interfaces import ASGIMessage, Environ, InputStream, Receive
    from functions_framework.model.message import Reply


class _Fault:
    """Keeps what a body was refused with.

    Attributes:
        refused: it, None while there is nothing.
    """

    refused: RequestRefused | None = None

    def answered(self, reply: Reply) -> Reply:
        """The reply, or the refusal where the application answered that it has failed."""
        if self.refused is None or reply.status < 500 or not isinstance(reply.body, bytes):
            return reply
        refused = refusal(self.refused)
        return refused._replace(body=instead(refused.body, reply.body))  # type: ignore[arg-type]


class Input(_Fault):
    """The `wsgi.input` of an application (PEP 3333).

    Args:
        body: the server's.
    """

    def __init__(self, body: InputStream) -> None:
        self._body = body

    @classmethod
    def of(cls, environ: Environ) -> Input:
        """Put it into an environ."""
        environ["wsgi.input"] = found = cls(environ["wsgi.input"])
        return found

    def read(self, size: int | None = -1) -> bytes:
        """See `InputStream`."""
        return self._told(self._body.read, size)  # type: ignore[no-any-return]

    def readline(self, size: int | None = -1) -> bytes:
        """See `InputStream`."""
        return self._told(self._body.readline, size)  # type: ignore[no-any-return]

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        """See `InputStream`."""
        return self._told(self._body.readlines, hint)  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _told(self, read: Callable[..., Any], size: int | None) -> Any:
        try:
            return read(size)
        except RequestRefused as error:
            self.refused = error
            raise _in_its_terms(error) from error


def _in_its_terms(error: RequestRefused) -> Exception:
    """What Flask, and whoever uses Werkzeug, answers with the status of the refusal."""
    if "werkzeug" not in sys.modules:
        return error
    from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge, RequestTimeout

    known = {408: RequestTimeout, 413: RequestEntityTooLarge}
    return known.get(error.http_status, ClientDisconnected)(str(error))


class Received(_Fault):
    """The `receive` of an application (ASGI 3).

    Args:
        receive: the server's.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive

    async def __call__(self) -> ASGIMessage:
        """See ASGI 3; a body that breaks off is its client's going.

        Raises:
            BodyTooLarge: it is longer than the limit, which ASGI has no message for.
        """
        try:
            return await self._receive()
        except BodyTooLarge as error:
            self.refused = error
            raise
        except RequestRefused as error:
            self.refused = error
            return {"type": "http.disconnect"}
