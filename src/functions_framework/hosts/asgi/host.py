"""The host that serves from an event loop: async functions, and sync ones in threads."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from functions_framework.exceptions import MalformedRequest, RequestRefused
from functions_framework.logs import log_crash
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Reply
from functions_framework.runtime.crossing import run_in_thread
from functions_framework.signatures import codec_of
from functions_framework.signatures.results import Deferred, compact_json, encode

from ..beginnings import begin_async
from ..errors import (
    CRASH_REPLY,
    IGNORED_PATHS,
    NOT_FOUND_REPLY,
    answer_without_call,
    own_reply,
    refusal,
)
from ..routes import Routes, paths_of
from ..streams import Threaded
from .bridge import Bridge
from .opening import open_asgi
from .scope import Receive, Scope, Send, begin, live, message, read_body, send_reply

if TYPE_CHECKING:
    from functions_framework.runtime.threads import Threads

    from ..error_handlers import ErrorHandlers, Handled

Crashed = Callable[[BaseException, Scope], Awaitable[Reply]]


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
        threads: where sync calls and blocking streams run; their number is how many do at once.
        bridged: a sync host, with the functions it serves under the same port.
    """

    is_async = True

    def __init__(
        self,
        functions: Sequence[Function],
        handlers: ErrorHandlers,
        threads: Threads,
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
            return Bridge(function, sync_host, self.threads)
        if function.signature is Signature.HTTP:
            return _HTTPEndpoint(function, self)
        return _EventEndpoint(function, self)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation.

        Returns:
            A reply whose body is bytes or an async iterable.
        """
        endpoint = self._routes.only or self._routes.find(scope["path"])
        begin(scope, None if endpoint is None else endpoint.function)
        try:
            if endpoint is None:
                reply = await self.refused(NOT_FOUND_REPLY, scope)
            else:
                reply = await endpoint.respond(scope, receive)
            return reply if type(reply.body) is bytes else await self._begun(reply, scope, receive)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit must not end the server
            return await self._handled_and_begun(error, scope, receive)

    def call(self, function: Function, *arguments: Any) -> Any:
        """Call a function where it belongs: here, or in a thread.

        Returns:
            Its result, or what is to be awaited for it.
        """
        if function.is_async:
            return function.call(*arguments)
        return self._call_in_thread(function, arguments)

    async def _call_in_thread(self, function: Function, arguments: tuple[Any, ...]) -> Any:
        result = await run_in_thread(function.call, *arguments, start=self.threads.start)
        return await result if inspect.isawaitable(result) else result

    async def refused(self, reply: Reply, scope: Scope) -> Reply:
        """A reply without a call, through its status's handler if there is one."""
        if not self._handlers or reply.status < 400:
            return reply
        from ..http_errors import as_refused

        error = as_refused(reply)
        return await self.handled(error, scope) if self._handlers.find(error) else reply

    async def handled(self, error: BaseException, scope: Scope, *, is_crash: bool = False) -> Reply:
        """The reply to an exception: its handler's, its own, or the crash reply.

        Args:
            error: what was raised.
            scope: of the request.
            is_crash: whether it is one even if it stands for a status.
        """
        found = self._handlers.find(error, is_crash=is_crash)
        if found is not None:
            return await self._ask(found, scope, self.crash)
        if is_crash:
            return await self.crash(error, scope)
        if _is_disconnect(error):
            return refusal(MalformedRequest("The client left before its body was complete."))
        return own_reply(error) or await self.crash(error, scope)

    async def crash(self, error: BaseException, scope: Scope) -> Reply:
        """Log a crash; the reply of the handler for 500, or the crash reply."""
        found = self._handlers.find_for_crash(error)
        reply = _log_crash(error, scope)
        return await self._ask(found, scope, _crash_again) if found else reply

    async def _ask(self, found: Handled, scope: Scope, crash: Crashed) -> Reply:
        handler, error = found
        try:
            result = handler(error)
            return encode(await result if inspect.isawaitable(result) else result, compact_json)
        except asyncio.CancelledError:
            raise
        except BaseException as failure:  # noqa: BLE001 - as for the function itself
            return await crash(failure, scope)

    async def _handled_and_begun(
        self, error: BaseException, scope: Scope, receive: Receive
    ) -> Reply:
        reply = await self.handled(error, scope)
        for crash in (self.crash, _crash_again):
            if type(reply.body) is bytes:
                break
            try:
                return await self._begun(reply, scope, receive)
            except asyncio.CancelledError:
                raise
            except BaseException as failure:  # noqa: BLE001 - as for the function itself
                reply = await crash(failure, scope)
        return reply

    async def _begun(self, reply: Reply, scope: Scope, receive: Receive) -> Reply:
        """A streamed reply as an event loop can send it, and its first part there."""
        body: Any = reply.body
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
        else:
            await send({"type": "websocket.close", "code": 1000})


def _log_crash(error: BaseException, scope: Scope) -> Reply:
    log_crash(error, method=scope["method"], path=scope["path"])
    return CRASH_REPLY


async def _crash_again(error: BaseException, scope: Scope) -> Reply:
    return _log_crash(error, scope)


def _is_disconnect(error: BaseException) -> bool:
    from starlette.requests import ClientDisconnect

    return isinstance(error, ClientDisconnect)


class _HTTPEndpoint:
    """A function of a Starlette request."""

    def __init__(self, function: Function, host: ASGIHost) -> None:
        from starlette.requests import Request

        self.function = function
        self._host = host
        self._request = Request
        self._ignored = IGNORED_PATHS - {function.path}

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        path = scope["path"]
        if path in self._ignored:
            return await self._host.refused(NOT_FOUND_REPLY, scope)
        scope["path_params"] = {"path": path[1:]}
        result = self._host.call(self.function, self._request(scope, receive))
        if inspect.isawaitable(result):
            result = await result
        try:
            return encode(result, compact_json)
        except Exception as error:  # noqa: BLE001 - an invalid result is for the handler of 500 only
            return await self._host.crash(error, scope)


class _EventEndpoint:
    """A function of an event or a value."""

    def __init__(self, function: Function, host: ASGIHost) -> None:
        self.function = function
        self._host = host
        self._codec = codec_of(function)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        codec = self._codec
        method = scope["method"]
        if method not in codec.methods:
            refused = answer_without_call(codec, self.function.signature, method, scope["path"])
            return await self._host.refused(refused, scope)
        arguments = codec.decode(message(scope, await read_body(receive)))
        try:
            result = self._host.call(self.function, *arguments)
            if inspect.isawaitable(result):
                result = await result
            return codec.encode(result)
        except RequestRefused as error:
            # What the framework raises to refuse a request is a crash when user code raises it.
            return await self._host.handled(error, scope, is_crash=True)
