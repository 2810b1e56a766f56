"""The host that serves from an event loop: async functions, and sync ones in threads."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property
from typing import Any, Protocol

from .asgi import Receive, Scope, Send, begin, live, read_message, send_reply
from .bridge import Bridge
from .errors import (
    CRASH_REPLY,
    IGNORED_PATHS,
    NOT_FOUND_REPLY,
    ErrorHandlers,
    own_reply,
    refusal,
)
from .event_host import answer_without_call
from .exceptions import MalformedRequest, RequestRefused
from .function import Function, Signature
from .logs import log_crash
from .message import Reply
from .responses import compact_json, encode
from .routing import Routes, paths_of
from .signatures import codec_of
from .streaming import Deferred, as_async


class Endpoint(Protocol):
    """Answers the requests of one function."""

    function: Function

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; what it raises, the host handles."""


class ASGIHost:
    """Serves functions from an event loop.

    Args:
        functions: what is served; sync ones run in threads and get a Starlette request.
        handlers: the error handlers of their module.
        threads: how many sync calls run at once.
        bridged: a sync host, with the functions it serves under the same port.
    """

    is_async = True

    def __init__(
        self,
        functions: Sequence[Function],
        handlers: ErrorHandlers,
        threads: int,
        bridged: tuple[Any, Sequence[Function]] | None = None,
    ) -> None:
        self.function = functions[0]
        self.threads = threads
        self._handlers = handlers
        sync_host, sync_functions = bridged or (None, ())
        everything = paths_of([*functions, *sync_functions])
        self._routes = Routes(
            (path, self._endpoint(function, sync_host if function in sync_functions else None))
            for path, function in everything
        )

    def _endpoint(self, function: Function, sync_host: Any) -> Endpoint:
        if sync_host is not None:
            return Bridge(function, sync_host, lambda: self.executor)
        if function.signature is Signature.HTTP:
            return _HTTPEndpoint(function, self, is_alone=function.path is None)
        return _EventEndpoint(function, self)

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """Where sync functions and blocking streams run."""
        return ThreadPoolExecutor(self.threads, thread_name_prefix="function")

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation.

        Returns:
            A reply whose body is bytes or an async iterable.
        """
        endpoint = self._routes.only or self._routes.find(scope["path"])
        begin(scope, endpoint and endpoint.function)
        try:
            reply = await (endpoint.respond(scope, receive) if endpoint else self.not_found(scope))
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit must not end the server
            reply = await self._handled(error, scope)
        if type(reply.body) is bytes:
            return reply
        return await self._streamable(reply, scope, receive)

    async def call(self, function: Function, *arguments: Any) -> Any:
        """Call a function where it belongs: here, or in a thread with a copy of the context."""
        if function.is_async:
            result = function.call(*arguments)
        else:
            run = copy_context().run
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self.executor, run, _guarded, function, arguments)
        return await result if inspect.isawaitable(result) else result

    def handles(self, error: BaseException) -> bool:
        """Whether a handler was registered for an error."""
        return self._handlers.find(error) is not None

    async def not_found(self, scope: Scope) -> Reply:
        """The reply where no function is called, through the handler for 404 if there is one."""
        if not self._handlers:
            return NOT_FOUND_REPLY
        from starlette.exceptions import HTTPException

        error = HTTPException(404, "Not Found")
        return await self._handled(error, scope) if self.handles(error) else NOT_FOUND_REPLY

    def crash(self, error: BaseException, scope: Scope) -> Reply:
        """Log a crash; its reply."""
        log_crash(error, method=scope["method"], path=scope["path"])
        return CRASH_REPLY

    async def _streamable(self, reply: Reply, scope: Scope, receive: Receive) -> Reply:
        body = reply.body
        if isinstance(body, Deferred):
            return await body.open(scope, receive)
        if isinstance(body, AsyncIterable):
            return reply
        return reply._replace(body=as_async(body, self.executor))  # type: ignore[arg-type]

    async def _handled(self, error: BaseException, scope: Scope) -> Reply:
        handler = self._handlers.find(error)
        if handler is None:
            if _is_disconnect(error):
                return refusal(MalformedRequest("The client left before its body was complete."))
            return own_reply(error) or self.crash(error, scope)
        try:
            result = handler(error)
            return encode(await result if inspect.isawaitable(result) else result, compact_json)
        except asyncio.CancelledError:
            raise
        except BaseException as failure:  # noqa: BLE001 - as for the function itself
            return self.crash(failure, scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await send({"type": "websocket.close", "code": 1000})


def _guarded(function: Function, arguments: tuple[Any, ...]) -> Any:
    try:
        return function.call(*arguments)
    except StopIteration as error:
        # A future cannot carry this one (PEP 479 is the same rule for generators).
        raise RuntimeError("The function raised StopIteration.") from error


def _is_disconnect(error: BaseException) -> bool:
    from starlette.requests import ClientDisconnect

    return isinstance(error, ClientDisconnect)


class _HTTPEndpoint:
    """A function of a Starlette request."""

    def __init__(self, function: Function, host: ASGIHost, *, is_alone: bool) -> None:
        from starlette.requests import Request

        self.function = function
        self._host = host
        self._request = Request
        self._ignored = IGNORED_PATHS if is_alone else frozenset()

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        path = scope["path"]
        if path in self._ignored:
            return await self._host.not_found(scope)
        scope["path_params"] = {"path": path[1:]}
        function = self.function
        request = self._request(scope, receive)
        if function.is_async:
            result = function.call(request)
            if inspect.isawaitable(result):
                result = await result
        else:
            result = await self._host.call(function, request)
        return encode(result, compact_json)


class _EventEndpoint:
    """A function of an event or a value."""

    def __init__(self, function: Function, host: ASGIHost) -> None:
        self.function = function
        self._host = host
        self._codec = codec_of(function)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        codec = self._codec
        try:
            refused = answer_without_call(
                codec, self.function.signature, scope["method"], scope["path"]
            )
            if refused is not None:
                return refused
            arguments = codec.decode(await read_message(scope, receive))
        except RequestRefused as error:
            if self._host.handles(error):
                raise
            return refusal(error)
        try:
            return codec.encode(await self._host.call(self.function, *arguments))
        except RequestRefused as error:
            # What the framework raises to refuse a request is a crash when user code raises it.
            return self._host.crash(error, scope)
