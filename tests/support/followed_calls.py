"""Calls a function through a host that a follower is told of, without a server."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.api.registrations import Registrations
from functions_framework.hosts.asgi.host import ASGIHost
from functions_framework.hosts.build import _keeping_arguments
from functions_framework.hosts.error_handlers import ErrorHandlers
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.wsgi.host import EventHost
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.threads import Threads
from functions_framework.telemetry.layer import followed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from functions_framework.telemetry.outcome import Follower

HOSTS = ("wsgi", "asgi", "asgi with def")
EVENT = {"ce-id": "EV1", "ce-source": "//src", "ce-specversion": "1.0"}
PUBSUB = {**EVENT, "ce-type": "google.cloud.pubsub.topic.v1.messagePublished", "ce-subject": "sub"}


def host_of(kind: str, call: Callable[..., Any], signature: Signature, name: str) -> Any:
    """The host of a plain `def`; on "asgi" the call is wrapped in `async def`."""

    @functools.wraps(call)
    async def awaited(*arguments: Any) -> Any:
        await asyncio.sleep(0)
        return call(*arguments)

    is_async = kind == "asgi"
    function = Function(
        awaited if is_async else call, name, signature, is_async=is_async, is_asgi=kind != "wsgi"
    )
    function = _keeping_arguments(function)
    if kind != "wsgi":
        return ASGIHost([function], ErrorHandlers([]), Threads("function", 4))
    if signature is Signature.HTTP:
        app = FunctionApp("main", Path(__file__).parent)
        app.serve([function], Registrations())
        return app
    return EventHost([function], ErrorHandlers([]))


def serve(
    kind: str,
    call: Callable[..., Any],
    follower: Follower,
    signature: Signature = Signature.HTTP,
    name: str = "hello",
) -> Callable[..., tuple[int, bytes]]:
    """Make a function that sends a request to `call` and returns the answer's status and body."""
    host = followed(host_of(kind, call, signature, name), follower)

    def send(
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
    ) -> tuple[int, bytes]:
        named = {"host": "localhost:8080", **(headers or {})}
        if host.is_async:
            return asyncio.run(_over_asgi(host, path, named, method, body))
        return _over_wsgi(host, path, named, method, body)

    return send


def _over_wsgi(
    host: Any, path: str, headers: Mapping[str, str], method: str, body: bytes
) -> tuple[int, bytes]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1:5000",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ["CONTENT_TYPE"] = headers.get("content-type", "")
    environ["CONTENT_LENGTH"] = str(len(body))
    reply = host.respond(environ)
    if isinstance(reply.body, bytes):
        return reply.status, reply.body
    parts: list[Any] = []
    with contextlib.closing(reply.body), contextlib.suppress(ValueError):
        parts.extend(iter(reply.body))
    return reply.status, _joined(parts)


async def _over_asgi(
    host: Any, path: str, headers: Mapping[str, str], method: str, body: bytes
) -> tuple[int, bytes]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 5000),
        "server": ("localhost", 8080),
    }
    reply = await host.respond(scope, receive)
    if isinstance(reply.body, bytes):
        return reply.status, reply.body
    parts: list[Any] = []
    async with contextlib.aclosing(reply.body):
        with contextlib.suppress(ValueError):
            async for part in reply.body:
                parts.append(part)  # noqa: PERF401 - those before a failure count
    return reply.status, _joined(parts)


def _joined(parts: list[Any]) -> bytes:
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)
