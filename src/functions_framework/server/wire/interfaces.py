"""What the engine hands over, and what is asked of it for each request, as types; nothing runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypedDict

from functions_framework.model.interfaces import ASGIMessage, Environ

if TYPE_CHECKING:
    import asyncio

    from functions_framework.model.message import Headers


class HTTPScope(TypedDict):
    """The scope of a request as the engine has it (ASGI, HTTP connection scope)."""

    method: str
    path: str
    raw_path: bytes
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    scheme: str
    http_version: str
    client: tuple[str, str]
    """Address and port, as text; `""` and `"0"` of who comes by a Unix domain socket."""
    server: tuple[str, str]


class BodyPart(TypedDict, total=False):
    """What the engine gives of a request's body; an `http.disconnect` has a type alone."""

    type: str
    body: bytes
    more_body: bool


class ResponseStart(TypedDict):
    """The head of a response."""

    type: Literal["http.response.start"]
    status: int
    headers: list[tuple[bytes, bytes]]


class _ResponseBody(TypedDict):
    type: Literal["http.response.body"]
    body: bytes


class ResponseBody(_ResponseBody, total=False):
    """A part of a response's body, the last one unless it says that there are more."""

    more_body: bool


ResponseMessage = ResponseStart | ResponseBody


class Answering(Protocol):
    """What answers a request with a whole reply, on either side."""

    def response_bytes(self, status: int, headers: Headers, body: bytes, /) -> None:
        """Answer; of no effect where that was done."""


class Source(Protocol):
    """The body of a request that is served on a thread."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, all that is left without; waits for them."""


class Parts(Protocol):
    """A streamed body as the engine pulls it from a thread."""

    def __next__(self) -> bytes:
        """The next part."""

    def close(self) -> None:
        """Called by the engine before it sends the end, and when the client has gone."""

    def finish(self) -> None:
        """Called when the client has the end, or has gone; closes what is streamed, once."""


class SyncProtocol(Answering, Protocol):
    """What answers a request that is served on a thread."""

    def response_iter(self, status: int, headers: Headers, body: Parts, /) -> None:
        """Answer with a body that comes in parts."""


SyncCall = Callable[[SyncProtocol, Environ], None]
"""What the engine calls on a thread for each request."""


class RequestHead(Protocol):
    """The head of a request that is served on the event loop; see `exchange.Exchange`."""

    @property
    def asgi(self) -> HTTPScope:
        """The engine's scope."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The decoded path."""

    @property
    def http_version(self) -> str:
        """`1`, `1.1` or `2`."""

    @property
    def peer(self) -> tuple[str, int]:
        """Address and port of the client's end of the connection."""

    def header(self, name: bytes) -> str:
        """The value of one header field, empty where there is none."""


class BodyState(Protocol):
    """How far the reading of a request's body has come."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more of it is to come."""

    @property
    def is_waiting(self) -> bool:
        """Whether somebody waits for more of it."""

    @property
    def is_asked(self) -> bool:
        """Whether the function has asked for its client's going."""


class Transport(Protocol):
    """Takes the parts of a response's body."""

    async def send_bytes(self, data: bytes) -> None:
        """Send a part; raises ConnectionError where the client has gone."""

    def begin(self) -> None:
        """Send the head, if no part was sent."""

    async def end(self) -> None:
        """End the body: all of it was sent."""


class AsyncProtocol(Answering, Protocol):
    """What reads a request that is served on the event loop, and answers it.

    Attributes:
        body: what reads the body, once something does.
    """

    body: BodyState | None

    def receive(self) -> Awaitable[BodyPart]:
        """The next part of the body."""

    def read_ahead(self, left: int) -> None:
        """Ask for parts that nobody waits for yet, of the bytes that are left."""

    def client_disconnect(self) -> Awaitable[None]:
        """Wait until the client has gone, or has its response."""

    def response_stream(self, status: int, headers: Headers, /) -> Transport | None:
        """Begin a response whose body is sent in parts; None where it was answered."""


class Watcher(Protocol):
    """A request on the event loop, as it goes from the engine to the host."""

    @property
    def scope(self) -> RequestHead:
        """Its head."""

    @property
    def proto(self) -> AsyncProtocol:
        """What reads and answers."""

    def done(self) -> None:
        """Tell the engine that the call is over."""


Schedule = Callable[[Watcher], None]
"""What is called on the engine's thread for each request that is served on the event loop."""

InProgress = dict[Watcher, tuple["asyncio.Task[None]", float]]
"""The calls in progress on the event loop, with when each was begun."""


class SocketScope(TypedDict):
    """The scope of a WebSocket as the engine has it (ASGI, WebSocket connection scope)."""

    type: str
    path: str
    raw_path: bytes
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    subprotocols: list[str]
    scheme: str
    http_version: str
    client: tuple[str, str]
    server: tuple[str, str]


class SocketProtocol(Protocol):
    """The engine's own ASGI callables of a WebSocket."""

    def receive(self) -> Awaitable[ASGIMessage]:
        """See ASGI 3; a message is lost where this is cancelled."""

    def send(self, message: ASGIMessage, /) -> Awaitable[object]:
        """See ASGI 3; headers of an acceptance are left out."""


class SocketWatcher(Protocol):
    """The engine's own object of a WebSocket."""

    @property
    def scope(self) -> SocketScope:
        """The scope."""

    @property
    def proto(self) -> SocketProtocol:
        """Its callables."""

    @property
    def done(self) -> Callable[[], None]:
        """Tells that the conversation is over."""


class ASGIProtocol(Protocol):
    """The engine's own ASGI callables."""

    def receive(self) -> Awaitable[BodyPart]:
        """See ASGI 3."""

    def send(self, message: ResponseMessage, /) -> Awaitable[object]:
        """See ASGI 3; what it returns is waited for where another message follows."""


class ASGIWatcher(Protocol):
    """The engine's own object of a request; `exchange.Exchange` is made of it."""

    @property
    def scope(self) -> HTTPScope:
        """The scope."""

    @property
    def proto(self) -> ASGIProtocol:
        """Its callables."""

    @property
    def done(self) -> Callable[[], None]:
        """Tells that the call is over."""
