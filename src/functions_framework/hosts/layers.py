"""What stands around a host, written once: a layer is a generator, driven on either side.

A layer is given the head of a request. It yields None to have the host answer and is sent the
reply; what it returns is the response, so that one which never yields answers itself. Whatever ends
the host's answering is raised where it yields. What else it may yield is told by `Steps`.

    def around(self, head: Head) -> Steps:
        reply = yield None
        return reply._replace(status=418)

The drivers are `wsgi.layer_driver` and `asgi.layer_driver`; `layered` chooses.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from functions_framework.model.message import Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from functions_framework.model.message import Headers
    from functions_framework.model.request import Request


class Names:
    """Names of headers, to be asked for again and again.

    Attributes:
        fields: in lower case.
        variables: as the keys of a WSGI environ.
    """

    def __init__(self, *fields: str) -> None:
        self.fields = fields
        self.variables = [f"HTTP_{name.upper().replace('-', '_')}" for name in fields]


class Head(Protocol):
    """What is known of a request before its body is read."""

    @property
    def method(self) -> str:
        """The HTTP method."""

    @property
    def path(self) -> str:
        """The URL's path, percent-decoded."""

    @property
    def query(self) -> str:
        """The query string as it came."""

    @property
    def scheme(self) -> str:
        """`http` or `https`."""

    @property
    def version(self) -> str:
        """The version of HTTP, such as `1.1`."""

    @property
    def client(self) -> str:
        """The address the request came from, empty when unknown."""

    @property
    def is_on_unix_socket(self) -> bool:
        """Whether it came by a Unix domain socket, from this machine."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The values of the headers by lower-case name, the last of a repeated one."""

    @property
    def pairs(self) -> Headers:
        """Lower-case names and values of all headers."""

    def header(self, name: str) -> str | None:
        """The value of a header, given by lower-case name; None without."""

    def lacks(self, names: Names) -> bool:
        """Whether none of these headers came."""

    def tap(self, sync: Callable[[Any], Any], on_loop: Callable[[Any], Any]) -> Any:
        """Have the body read through what is made of its source: `wsgi.input`, or `receive`."""

    def watched(self, body: object, watch: Watch) -> Iterator[Any] | AsyncIterator[Any]:
        """A streamed body of the reply that tells a watch what becomes of it."""


class Watch:
    """What a stream is told to; each method is called in the call's own context."""

    def enter(self) -> None:
        """The stream's code runs from now on."""

    def leave(self) -> None:
        """It does not, until `enter` again."""

    def part(self, part: bytes | str) -> None:
        """The stream gave its next part."""

    def end(self, error: BaseException | None, *, is_whole: bool) -> Callable[[], object] | None:
        """The stream was closed.

        Args:
            error: what it raised, None where nothing.
            is_whole: whether it had come to its end.

        Returns:
            What is left to be done, in a thread where there is an event loop.
        """


class Blocking(NamedTuple):
    """Work that must not hold up an event loop: it is done in a thread there.

    Attributes:
        work: what is to be done.
    """

    work: Callable[[], object]


class Instead(NamedTuple):
    """Another request that the host is to answer in place of the one that came.

    What belongs to the connection stays: the client, the deadline, the version of HTTP.

    Attributes:
        request: the other one, with its whole body.
        scheme: `http` or `https`, that of the one that came where it is empty.
    """

    request: Request
    scheme: str = ""


Steps = Generator[Blocking | Instead | Callable[[], Any] | None, Any, Reply]
"""What a layer yields: nothing to have the host answer, `Instead` to have it answer another
request, `Blocking` work, or a function to be called whose result, awaited on an event loop where it
can be, it is sent."""


class Layer(Protocol):
    """Something that stands around a host."""

    def around(self, head: Head) -> Steps:
        """Stand around the response to one request."""
