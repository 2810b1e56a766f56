"""The host that serves from an event loop: async functions, and sync ones in threads."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Callable, Sequence
from functools import partial
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from functions_framework.exceptions import MalformedRequest
from functions_framework.logs import log_crash
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.cancelling import is_asked_for
from functions_framework.runtime.crossing import run_in_thread
from functions_framework.signatures.responses import Deferred
from functions_framework.signatures.results import (
    UnsendableError,
    compact_json,
    encode,
    named,
)

from ..beginnings import begin_async
from ..errors import (
    IGNORED_PATHS,
    NOT_FOUND_REPLY,
    own_reply,
    refusal,
)
from ..routes import Routes, paths_of
from ..streams import Threaded
from .bridge import Bridge
from .event_endpoint import EventEndpoint
from .function_errors import InvalidResultError, RefusedByFunctionError
from .opening import open_asgi
from .scope import begin, live, send_reply

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Receive, Scope, Send, SocketHost, SyncHost
    from functions_framework.model.message import Reply
    from functions_framework.runtime.threads import Threads

    from ..error_handlers import ErrorHandlers


class Endpoint(Protocol):
    """Answers the requests of one function."""

    function: Function

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; what it raises, the host handles."""


class ASGIHost:
    """Serves functions from an event loop.

    Attributes:
        sockets: converses by WebSocket, None where no function does.

    Args:
        functions: what is served; sync ones run in threads and get a Starlette request.
        handlers: the error handlers of their module.
        threads: where sync calls and blocking streams run; their number is how many do at once.
        bridged: a sync host, with the functions it serves under the same port.
    """

    is_async: Literal[True] = True

    def __init__(
        self,
        functions: Sequence[Function],
        handlers: ErrorHandlers,
        threads: Threads,
        bridged: tuple[SyncHost, Sequence[Function]] | None = None,
    ) -> None:
        self.sockets: SocketHost | None = None
        self.threads = threads
        self._handlers = handlers
        sync_host, sync_functions = bridged or (None, ())
        everything = [*functions, *sync_functions]
        self.function = everything[0]
        if any(function.signature is Signature.WEBSOCKET for function in functions):
            from .sockets import SocketFunctions

            self.sockets = SocketFunctions(everything, self._handled)
        self._routes = Routes(
            (path, self._endpoint(function, sync_host if function in sync_functions else None))
            for path, function in paths_of(everything)
        )

    def _endpoint(self, function: Function, sync_host: SyncHost | None) -> Endpoint:
        if sync_host is not None:
            return Bridge(function, sync_host, self.threads)
        if function.signature is Signature.HTTP:
            return _HTTPEndpoint(function, self)
        if function.signature is Signature.WEBSOCKET:
            return _SocketEndpoint(function, self)
        return EventEndpoint(function, self)

    def is_bridged(self, path: str) -> bool:
        """Whether a path belongs to a function of the sync host beside this one."""
        return isinstance(self._routes.find(path), Bridge)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation.

        Returns:
            A reply whose body is bytes or an async iterable.
        """
        endpoint = self._routes.only or self._routes.find(scope["path"])
        begin(scope, None if endpoint is None else endpoint.function)
        try:
            if endpoint is None:
                reply = self.refused(NOT_FOUND_REPLY)
            else:
                reply = await endpoint.respond(scope, receive)
            return reply if type(reply.body) is bytes else await self._begun(reply, scope, receive)
        except BaseException as error:  # sys.exit must not end the server
            if isinstance(error, asyncio.CancelledError) and is_asked_for():
                raise
            return await self._handled(error, scope, receive)

    def calling(self, function: Function) -> Callable[..., Any]:
        """What calls a function where it belongs: here, or in a thread.

        It returns the function's result, or what is to be awaited for it.
        """

        async def call_in_thread(*arguments: Any) -> Any:
            result = await run_in_thread(function.call, *arguments, start=self.threads.start)
            return await result if inspect.isawaitable(result) else result

        return function.call if function.is_async else call_in_thread

    def refused(self, reply: Reply) -> Reply:
        """A reply without a call.

        Raises:
            HTTPException: there is a handler for its status.
        """
        if self._handlers and reply.status >= 400:
            from ..http_errors import as_refused

            error = as_refused(reply)
            if self._handlers.find(error):
                raise error
        return reply

    async def _handled(self, error: BaseException, scope: Scope, receive: Receive) -> Reply:
        """The reply to an exception: its handler's, its own, or the crash reply."""

        def log(crash: BaseException) -> None:
            log_crash(crash, method=scope["method"], path=scope["path"])

        if isinstance(error, InvalidResultError):
            asking = self._handlers.answer_crash(error.cause, log)
        elif isinstance(error, RefusedByFunctionError):
            asking = self._handlers.answer(error.cause, _own_reply, log, is_crash=True)
        else:
            asking = self._handlers.answer(error, _own_reply, log)
        reply: Reply | None = None
        try:
            handler, shown = next(asking)
            while True:
                try:
                    result = handler(shown)
                    result = await result if inspect.isawaitable(result) else result
                    reply = await self._begun(encode(result, compact_json), scope, receive)
                except BaseException as failure:  # noqa: PERF203 - one handler or two
                    if isinstance(failure, asyncio.CancelledError) and is_asked_for():
                        raise
                    handler, shown = asking.throw(failure)
                else:
                    handler, shown = asking.send(reply)
        except StopIteration as done:
            own: Reply = done.value
            return own if own is reply else await self._begun(own, scope, receive)

    async def _begun(self, reply: Reply, scope: Scope, receive: Receive) -> Reply:
        """A reply as an event loop can send it, the first part of a stream there."""
        body: Any = reply.body
        if isinstance(body, bytes):
            return reply
        if isinstance(body, Deferred):
            reply = await open_asgi(body.response, scope, receive)
            body = reply.body
            if isinstance(body, bytes):
                return reply
        if not isinstance(body, AsyncIterable):
            body = Threaded(body, self.threads.start)
        if scope["method"] != "HEAD":
            body = await begin_async(body)
        return reply._replace(body=body)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "lifespan":
            await live(receive, send)
        elif scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        elif self.sockets is not None:
            await self.sockets.converse(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})


def _own_reply(error: BaseException) -> Reply | None:
    if _is_disconnect(error):
        return refusal(MalformedRequest("The client left before its body was complete."))
    return own_reply(error)


def _is_disconnect(error: BaseException) -> bool:
    from starlette.requests import ClientDisconnect

    return isinstance(error, ClientDisconnect)


class _SocketEndpoint:
    """The requests to a function of WebSockets, which all are at the wrong place."""

    def __init__(self, function: Function, host: ASGIHost) -> None:
        from .sockets import UPGRADE_REQUIRED

        self.function = function
        self._reply = partial(host.refused, UPGRADE_REQUIRED)

    async def respond(self, _scope: Scope, _receive: Receive) -> Reply:
        return self._reply()


class _HTTPEndpoint:
    """A function of a Starlette request."""

    def __init__(self, function: Function, host: ASGIHost) -> None:
        from .request import request_maker

        self.function = function
        self._host = host
        self._request = request_maker()
        self._call = host.calling(function)
        self._ignored = IGNORED_PATHS - {function.path}

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        path = scope["path"]
        if path in self._ignored:
            return self._host.refused(NOT_FOUND_REPLY)
        scope["path_params"] = {"path": path[1:]}
        result = self._call(self._request(scope, receive))
        if type(result) is CoroutineType or inspect.isawaitable(result):
            result = await result
        try:
            return encode(result, compact_json)
        except UnsendableError as error:
            raise InvalidResultError(named(error, self.function)) from None
        except Exception as error:
            raise InvalidResultError(error) from error
