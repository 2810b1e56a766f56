"""The ASGI host (ASGI 3): async functions, and sync ones in threads, of every signature.

Only the http signature needs Starlette's request; nothing here routes or wraps.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property
from typing import Any

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
from .execution import Execution, execution, new_execution_id
from .function import Function, Signature
from .logs import log_crash
from .message import Message, Reply
from .responses import compact_json, encode
from .signatures import codec_of
from .streaming import Deferred, as_async

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_EXECUTION_ID = b"function-execution-id"


def begin(scope: Scope, function: Function) -> Execution:
    """Start a call: give the request an execution id if it has none, and make it current."""
    found: dict[bytes, bytes] = dict(scope["headers"])
    given = found.get(_EXECUTION_ID)
    if given:
        execution_id = given.decode("latin-1")
    else:
        execution_id = new_execution_id()
        kept = [pair for pair in scope["headers"] if pair[0] != _EXECUTION_ID]
        scope["headers"] = [*kept, (_EXECUTION_ID, execution_id.encode())]
    running = Execution(
        execution_id,
        function,
        _text(found.get(b"traceparent")),
        _text(found.get(b"x-cloud-trace-context")),
        _text(found.get(b"tracestate")),
    )
    execution.set(running)
    return running


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


async def read_message(scope: Scope, receive: Receive) -> Message:
    """Read the whole request.

    Raises:
        MalformedRequest: the client left before its body was complete.
    """
    attributes: dict[str, str] = {}
    content_type: str | None = None
    for name, value in scope["headers"]:
        if name[:3] == b"ce-":
            attributes[name[3:].decode("latin-1")] = value.decode("latin-1")
        elif name == b"content-type":
            content_type = value.decode("latin-1") or None
    return Message(
        content_type,
        attributes,
        await _read_body(receive),
        scope["path"],
        scope["query_string"].decode("latin-1"),
        scope["method"],
    )


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequest("The request body broke off before it was complete.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


class ASGIHost:
    """Serves one function from an event loop."""

    is_async = True

    def __init__(self, function: Function, handlers: ErrorHandlers, threads: int) -> None:
        self.function = function
        self._handlers = handlers
        self._threads = threads
        self._codec = None if function.signature is Signature.HTTP else codec_of(function)

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """Where sync functions and blocking streams run."""
        return ThreadPoolExecutor(self._threads, thread_name_prefix="function")

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation.

        Returns:
            A reply whose body is bytes or an async iterable.
        """
        begin(scope, self.function)
        try:
            if self._codec is None:
                reply = await self._respond_http(scope, receive)
            else:
                reply = await self._respond_event(scope, receive)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001 - sys.exit must not end the server
            reply = await self._handled(error, scope)
        if type(reply.body) is bytes:
            return reply
        return await self._streamable(reply, scope, receive)

    async def _respond_http(self, scope: Scope, receive: Receive) -> Reply:
        from starlette.requests import Request

        path = scope["path"]
        if path in IGNORED_PATHS:
            return await self._not_found(scope)
        scope["path_params"] = {"path": path[1:]}
        return encode(await self._call(Request(scope, receive)), compact_json)

    async def _respond_event(self, scope: Scope, receive: Receive) -> Reply:
        codec = self._codec
        assert codec is not None
        try:
            refused = answer_without_call(
                codec, self.function.signature, scope["method"], scope["path"]
            )
            if refused is not None:
                return refused
            arguments = codec.decode(await read_message(scope, receive))
        except RequestRefused as error:
            if self._handlers.find(error) is None:
                return refusal(error)
            raise
        try:
            return codec.encode(await self._call(*arguments))
        except RequestRefused as error:
            # What the framework raises to refuse a request is a crash when user code raises it.
            return self._crash(error, scope)

    async def _call(self, *arguments: Any) -> Any:
        function = self.function
        if function.is_async:
            result = function.call(*arguments)
        else:
            result = await self._run_in_thread(function.call, *arguments)
        return await result if inspect.isawaitable(result) else result

    async def _run_in_thread(self, call: Callable[..., Any], *arguments: Any) -> Any:
        run = copy_context().run
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self.executor, run, call, *arguments)
        except StopIteration as error:
            raise RuntimeError("The function raised StopIteration.") from error

    async def _streamable(self, reply: Reply, scope: Scope, receive: Receive) -> Reply:
        body = reply.body
        if isinstance(body, Deferred):
            return await body.open(scope, receive)
        if isinstance(body, AsyncIterable):
            return reply
        return reply._replace(body=as_async(body, self.executor))  # type: ignore[arg-type]

    async def _not_found(self, scope: Scope) -> Reply:
        if not self._handlers:
            return NOT_FOUND_REPLY
        from starlette.exceptions import HTTPException

        error = HTTPException(404, "Not Found")
        return NOT_FOUND_REPLY if self._handlers.find(error) is None else await self._handled(error, scope)

    async def _handled(self, error: BaseException, scope: Scope) -> Reply:
        handler = self._handlers.find(error)
        if handler is None:
            if _is_disconnect(error):
                return refusal(MalformedRequest("The client left before its body was complete."))
            return own_reply(error) or self._crash(error, scope)
        try:
            result = handler(error)
            return encode(await result if inspect.isawaitable(result) else result, compact_json)
        except asyncio.CancelledError:
            raise
        except BaseException as failure:  # noqa: BLE001 - as for the function itself
            return self._crash(failure, scope)

    def _crash(self, error: BaseException, scope: Scope) -> Reply:
        log_crash(error, method=scope["method"], path=scope["path"])
        return CRASH_REPLY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await send({"type": "websocket.close", "code": 1000})


def _is_disconnect(error: BaseException) -> bool:
    from starlette.requests import ClientDisconnect

    return isinstance(error, ClientDisconnect)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def send_reply(reply: Reply, send: Send, scope: Scope) -> None:
    """Send a reply; a stream that fails is logged and cut off, so that nobody takes it for whole."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    body = reply.body
    if isinstance(body, bytes):
        if not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    try:
        async for part in body:  # type: ignore[union-attr]
            chunk = part.encode() if isinstance(part, str) else part
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except Exception as error:  # noqa: BLE001 - any failure of the user's stream
        log_crash(error, method=scope["method"], path=scope["path"])
        return
    finally:
        close = getattr(body, "aclose", None)
        if close is not None:
            await close()
    await send({"type": "http.response.body", "body": b""})
