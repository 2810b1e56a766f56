"""Drives layers around sync hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from functions_framework.model.addresses import host_and_port

from ..layers import Blocking, Instead
from .environ import ON_UNIX_SOCKET, path_of, variable_of, with_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_framework.model.interfaces import Environ, SyncHost
    from functions_framework.model.message import Headers, Reply

    from ..layers import Layer, Names, Watch


class SyncLayered:
    """A sync host with a layer around it."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost, layer: Layer) -> None:
        self._respond = host.respond
        self._around = layer.around

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; raises what the layer lets through."""
        steps = self._around(EnvironHead(environ))
        try:
            asked = next(steps)
            while True:
                try:
                    given = self._respond(environ) if asked is None else self._given(asked, environ)
                except BaseException as error:  # noqa: BLE001, PERF203 - the layer's to judge
                    asked = steps.throw(error)
                else:
                    asked = steps.send(given)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]

    def _given(self, asked: Blocking | Instead | Callable[[], Any], environ: Environ) -> Any:
        if isinstance(asked, Instead):
            return self._respond(with_request(environ, asked.request, asked.scheme))
        return asked.work() if isinstance(asked, Blocking) else asked()


class EnvironHead:
    """A head read from a WSGI environ (PEP 3333).

    Args:
        environ: the request's.
    """

    __slots__ = ("_environ",)

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    @property
    def method(self) -> str:
        """See `Head`."""
        return self._environ["REQUEST_METHOD"]  # type: ignore[no-any-return]

    @property
    def path(self) -> str:
        """See `Head`."""
        return path_of(self._environ)

    @property
    def query(self) -> str:
        """See `Head`."""
        return self._environ.get("QUERY_STRING", "")  # type: ignore[no-any-return]

    @property
    def scheme(self) -> str:
        """See `Head`."""
        return self._environ.get("wsgi.url_scheme", "http")  # type: ignore[no-any-return]

    @property
    def version(self) -> str:
        """See `Head`."""
        protocol: str = self._environ.get("SERVER_PROTOCOL", "HTTP/1.1")
        return protocol.removeprefix("HTTP/")

    @property
    def client(self) -> str:
        """See `Head`."""
        return host_and_port(self._environ.get("REMOTE_ADDR") or "")[0]

    @property
    def is_on_unix_socket(self) -> bool:
        """See `Head`."""
        return ON_UNIX_SOCKET in self._environ

    @property
    def headers(self) -> dict[str, str]:
        """See `Head`."""
        return dict(self.pairs)

    @property
    def pairs(self) -> Headers:
        """See `Head`."""
        return [
            ((name[5:] if name[:5] == "HTTP_" else name).lower().replace("_", "-"), value)
            for name, value in self._environ.items()
            if name[:5] == "HTTP_" or (name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value)
        ]

    def header(self, name: str) -> str | None:
        """See `Head`."""
        return self._environ.get(variable_of(name))

    def lacks(self, names: Names) -> bool:
        """See `Head`."""
        return self._environ.keys().isdisjoint(names.variables)

    def tap(self, sync: Callable[[Any], Any], on_loop: Callable[[Any], Any]) -> Any:  # noqa: ARG002
        """See `Head`."""
        tap = self._environ["wsgi.input"] = sync(self._environ["wsgi.input"])
        return tap

    def watched(self, body: Any, watch: Watch) -> Watched:
        """See `Head`."""
        return Watched(body, watch)


class Watched:
    """A stream of a sync host."""

    def __init__(self, body: Any, watch: Watch) -> None:
        self._body = body
        self._watch: Watch | None = watch
        self._parts: Any = None
        self._error: BaseException | None = None
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes | str]:
        return self

    def __next__(self) -> bytes | str:
        watch = self._watch
        if watch is None:
            raise StopIteration
        watch.enter()
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            part: bytes | str = next(self._parts)
        except StopIteration:
            self._is_whole = True
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            watch.leave()
        watch.part(part)
        return part

    def close(self) -> None:
        """Close the stream, once, and tell."""
        watch, self._watch = self._watch, None
        if watch is None:
            return
        close = getattr(self._body, "close", None)
        watch.enter()
        try:
            if close is not None:
                close()
        finally:
            watch.leave()
            left = watch.end(self._error, is_whole=self._is_whole)
            if left is not None:
                left()
