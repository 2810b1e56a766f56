"""What crosses the seams of a host, as types: WSGI, ASGI, a host itself; nothing here runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from .message import Headers, Reply

Environ = dict[str, Any]
"""A WSGI environ (PEP 3333); what its keys hold is up to server and middleware."""


class InputStream(Protocol):
    """The body of a request, `wsgi.input` of an environ (PEP 3333)."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes, all that is left without."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """Up to and with the next newline, at most `size` bytes."""

    def readlines(self, hint: int | None = -1, /) -> list[bytes]:
        """All lines, or as many as reach `hint` bytes."""

    def __iter__(self) -> Iterator[bytes]:
        """The lines."""


class StartResponse(Protocol):
    """What a WSGI application begins its response with (PEP 3333)."""

    def __call__(
        self, status: str, headers: Headers, exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        """Take the head; with `exc_info` once more. What is returned sends a part of the body."""


WSGIApp = Callable[[Environ, StartResponse], Iterable[bytes]]

Scope = MutableMapping[str, Any]
"""An ASGI connection scope; Starlette and ASGI middleware put their own keys into it."""

ASGIMessage = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[ASGIMessage]]
Send = Callable[[ASGIMessage], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class WithPath(Protocol):
    """What knows the path of a request, besides environs and scopes."""

    @property
    def path(self) -> str:
        """Percent-decoded."""


class SyncHost(Protocol):
    """Answers one WSGI environ at a time, on the thread that calls it; raises no `Exception`.

    One whose `reads_request_only` is True is given the request alone, without what PEP 3333 wants
    beside it.
    """

    @property
    def is_async(self) -> Literal[False]:
        """False."""

    def respond(self, environ: Environ) -> Reply:
        """Decode, call the function, encode."""


class AsyncHost(Protocol):
    """Answers an ASGI scope on the event loop; raises no `Exception` but a cancellation."""

    @property
    def is_async(self) -> Literal[True]:
        """True."""

    def respond(self, scope: Scope, receive: Receive) -> Coroutine[Any, Any, Reply]:
        """Decode, call the function, encode."""


class SocketHost(Protocol):
    """Converses by WebSocket; raises nothing but a cancellation."""

    def converse(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """From the handshake to the end (ASGI, WebSocket)."""


Host = SyncHost | AsyncHost
