"""Drives layers around async hosts (ASGI 3)."""

from __future__ import annotations

import asyncio
import inspect
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Literal

from ..layers import Blocking, Instead
from .scope import header_fields, send_reply, with_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import AsyncHost, Receive, Scope, Send
    from functions_framework.model.message import Headers, Reply

    from ..layers import Layer, Names, Watch


class AsyncAround(ABC):
    """An async host with something around it."""

    is_async: Literal[True] = True

    def __init__(self, host: AsyncHost) -> None:
        self._host: Any = host
        self._respond = host.respond

    @property
    def function(self) -> Function:
        """The function that the host serves."""
        return self._host.function  # type: ignore[no-any-return]

    @abstractmethod
    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await self._host(scope, receive, send)


class AsyncLayered(AsyncAround):
    """An async host with a layer around it."""

    def __init__(self, host: AsyncHost, layer: Layer) -> None:
        super().__init__(host)
        self._around = layer.around

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises what the layer lets through."""
        head = ScopeHead(scope, receive)
        steps = self._around(head)
        try:
            asked = next(steps)
            while True:
                try:
                    if asked is None:
                        given = await self._respond(scope, head.receive)
                    elif isinstance(asked, Instead):
                        other = with_request(scope, head.receive, asked.request, asked.scheme)
                        given = await self._respond(*other)
                    else:
                        given = await _awaited(asked)
                except BaseException as error:  # noqa: BLE001, PERF203 - the layer's to judge
                    asked = steps.throw(error)
                else:
                    asked = steps.send(given)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


async def _awaited(asked: Blocking | Callable[[], Any]) -> Any:
    if isinstance(asked, Blocking):
        return await asyncio.to_thread(asked.work)
    given = asked()
    return await given if inspect.isawaitable(given) else given


class ScopeHead:
    """A head read from an ASGI scope, the server's own or any other.

    Args:
        scope: the request's.
        receive: gives its body.

    Attributes:
        receive: the same, or what a layer has put around it.
    """

    __slots__ = ("_scope", "receive")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope = scope
        self.receive = receive

    @property
    def method(self) -> str:
        """See `Head`."""
        return self._scope["method"]  # type: ignore[no-any-return]

    @property
    def path(self) -> str:
        """See `Head`."""
        return self._scope["path"]  # type: ignore[no-any-return]

    @property
    def query(self) -> str:
        """See `Head`."""
        return self._scope["query_string"].decode("latin-1")  # type: ignore[no-any-return]

    @property
    def scheme(self) -> str:
        """See `Head`."""
        return self._scope["scheme"]  # type: ignore[no-any-return]

    @property
    def version(self) -> str:
        """See `Head`."""
        return self._scope["http_version"]  # type: ignore[no-any-return]

    @property
    def client(self) -> str:
        """See `Head`."""
        return (self._scope.get("client") or ("",))[0]

    @property
    def is_on_unix_socket(self) -> bool:
        """See `Head`; such a server has a path and no port (ASGI, HTTP connection scope)."""
        server = self._scope.get("server")
        return server is not None and server[1] is None

    @property
    def headers(self) -> dict[str, str]:
        """See `Head`."""
        return header_fields(self._scope)

    @property
    def pairs(self) -> Headers:
        """See `Head`."""
        return [
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in self._scope["headers"]
        ]

    def header(self, name: str) -> str | None:
        """See `Head`."""
        value = header_fields(self._scope).get(name)
        if value is None and name == "host":
            # Of HTTP/2 the server's own scope has it in the list only.
            value = next((found for key, found in self.pairs if key == name), None)
        return value

    def lacks(self, names: Names) -> bool:
        """See `Head`."""
        return header_fields(self._scope).keys().isdisjoint(names.fields)

    def tap(self, sync: Callable[[Any], Any], on_loop: Callable[[Any], Any]) -> Any:  # noqa: ARG002
        """See `Head`."""
        tap = self.receive = on_loop(self.receive)
        return tap

    def watched(self, body: Any, watch: Watch) -> AsyncWatched:
        """See `Head`."""
        return AsyncWatched(body, watch)


class AsyncWatched:
    """A stream of an async host."""

    def __init__(self, body: Any, watch: Watch) -> None:
        self._body = body
        self._watch: Watch | None = watch
        self._parts: Any = None
        self._error: BaseException | None = None
        self._is_whole = False

    def __aiter__(self) -> AsyncIterator[bytes | str]:
        return self

    async def __anext__(self) -> bytes | str:
        watch = self._watch
        if watch is None:
            raise StopAsyncIteration
        watch.enter()
        try:
            if self._parts is None:
                self._parts = aiter(self._body)
            part: bytes | str = await anext(self._parts)
        except StopAsyncIteration:
            self._is_whole = True
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            watch.leave()
        watch.part(part)
        return part

    async def aclose(self) -> None:
        """Close the stream, once, and tell."""
        watch, self._watch = self._watch, None
        if watch is None:
            return
        close = getattr(self._body, "aclose", None)
        watch.enter()
        try:
            if close is not None:
                await close()
        finally:
            watch.leave()
            left = watch.end(self._error, is_whole=self._is_whole)
            if left is not None:
                await asyncio.to_thread(left)
