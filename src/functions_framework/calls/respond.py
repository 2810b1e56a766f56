"""One request through a host in memory: the request as a value in, the whole response out.

The host is the one the server would call; what stands for the server here reads streams to their
end, as a client would.
"""

from __future__ import annotations

import asyncio
import inspect
import io
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote

from functions_framework.hosts.asgi.bridge import environ_of
from functions_framework.hosts.outgoing import passed, with_length
from functions_framework.logs import log_crash
from functions_framework.model.fields import PATH_CHARACTERS, as_bytes, as_read

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable

    from functions_framework.model.interfaces import ASGIMessage, AsyncHost, Scope, SyncHost
    from functions_framework.model.message import Headers, Reply
    from functions_framework.model.request import Request

_ENCODED = f"{PATH_CHARACTERS}%"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Answer(NamedTuple):
    """A response that was read to its end.

    Attributes:
        status: the HTTP status code.
        headers: names and values in sending order.
        body: the whole body.
        is_whole: False when a stream broke off.
    """

    status: int
    headers: Headers
    body: bytes
    is_whole: bool = True


def respond(host: SyncHost, request: Request) -> Answer:
    """Send a request to a sync host, in this thread."""
    scope = scope_of(request)
    environ = environ_of(scope, io.BytesIO(request.body))
    given = host.respond(environ)
    reply = passed(given, request.method, environ)
    body: Any = reply.body
    if isinstance(body, bytes):
        _close(given.body)
        return _answer(request, reply, body)
    parts: list[bytes] = []
    is_whole = True
    try:
        for part in body:
            parts.append(_bytes(part))  # noqa: PERF401 - kept when the stream breaks off
    except BaseException as error:  # noqa: BLE001 - the server logs it and cuts the connection
        log_crash(error, method=request.method, path=scope["path"])
        is_whole = False
    finally:
        _close(body)
    return _answer(request, reply, b"".join(parts), is_whole=is_whole)


async def respond_async(host: AsyncHost, request: Request) -> Answer:
    """Send a request to an async host, on the running loop."""
    scope = scope_of(request)
    is_answered = asyncio.Event()
    inbox = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> ASGIMessage:
        if inbox:
            return inbox.pop()
        await is_answered.wait()  # a client that stays until it has its response
        return {"type": "http.disconnect"}

    try:
        given = await host.respond(scope, receive)
        reply = passed(given, request.method, scope)
        if isinstance(reply.body, bytes):
            await _close_async(given.body)
            return _answer(request, reply, reply.body)
        parts: Any = reply.body
        body, is_whole = await _read(parts, request, scope["path"])
        return _answer(request, reply, body, is_whole=is_whole)
    finally:
        is_answered.set()


async def _read(body: AsyncIterable[Any], request: Request, path: str) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    try:
        async for part in body:
            parts.append(_bytes(part))  # noqa: PERF401 - kept when the stream breaks off
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # noqa: BLE001 - the server logs it and cuts the connection
        log_crash(error, method=request.method, path=path)
        return b"".join(parts), False
    finally:
        await _close_async(body)
    return b"".join(parts), True


def _close(body: object) -> None:
    close: Callable[[], object] | None = getattr(body, "close", None)
    if close is not None:
        close()


async def _close_async(body: object) -> None:
    close = getattr(body, "aclose", None)
    if close is not None:
        closing = close()
        if inspect.isawaitable(closing):
            await closing


def _bytes(part: bytes | str) -> bytes:
    return part.encode() if isinstance(part, str) else part


def _answer(request: Request, reply: Reply, body: bytes, *, is_whole: bool = True) -> Answer:
    headers = as_read(with_length(reply, request.method))
    return Answer(reply.status, headers, body, is_whole)


def scope_of(request: Request) -> Scope:
    """The ASGI scope of a request (ASGI 3, HTTP connection scope)."""
    headers = [(name.lower(), value) for name, value in request.headers]
    known = dict(headers)
    if "host" not in known:
        headers.insert(0, ("host", "localhost"))
    if "content-length" not in known and (request.body or request.method in _WITH_BODY):
        headers.append(("content-length", str(len(request.body))))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": quote(request.path, safe=_ENCODED).encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": as_bytes(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
