"""Calls a function through a host that a follower is told of, without a server."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.api.registrations import Registrations
from functions_framework.hosts.asgi.host import ASGIHost
from functions_framework.hosts.error_handlers import ErrorHandlers
from functions_framework.hosts.noted import keeping_arguments
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.wsgi.host import EventHost
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.threads import Threads
from functions_framework.telemetry.layer import followed

from .in_memory import sender

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
    function = keeping_arguments(function)
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
    """Make a function that sends a request to `call` and returns the response's status and body."""
    send = sender(followed(host_of(kind, call, signature, name), follower))

    def status_and_body(
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        body: bytes = b"",
    ) -> tuple[int, bytes]:
        answer = send(method, path, {"host": "localhost:8080", **(headers or {})}, body)
        return answer.status, answer.body

    return status_and_body
