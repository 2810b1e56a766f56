"""Calls a function through a real host without a server, the same way for both kinds of host."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from functions_framework.api.middleware import wrap
from functions_framework.api.registrations import Registrations
from functions_framework.calls.respond import respond, respond_async
from functions_framework.hosts.asgi.host import ASGIHost
from functions_framework.hosts.error_handlers import ErrorHandlers
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.wsgi.host import EventHost
from functions_framework.model.function import Function, Signature
from functions_framework.model.request import Request
from functions_framework.runtime.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HOSTS = ("wsgi", "asgi", "asgi with def")
# Sync functions that take events have a host without Flask and one with it.
EVENT_HOSTS = ("wsgi", "wsgi with flask", "asgi", "asgi with def")


class Answer(NamedTuple):
    """What a client would have got; `is_whole` is False when a stream broke off."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool = True

    @property
    def type(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def is_crash(self) -> bool:
        return self.status == 500 and self.headers.get("x-google-status") == "crash"


def serve(
    host: str,
    call: Callable[..., Any],
    signature: Signature = Signature.HTTP,
    handlers: Registrations | None = None,
    *,
    with_flask: bool = False,
    input_type: Any = None,
    layers: Sequence[Callable[..., Any]] = (),
    options: Mapping[str, Any] | None = None,
    around: Callable[[Any, Function], Any] = lambda host, _: host,
) -> Callable[..., Answer]:
    """Make a function that sends a request to `call`, a plain `def`, over the named host.

    On "asgi" the call is wrapped in `async def`. What stands around the host is put there by
    `around`, which is given the function as well.
    """
    registered = handlers or Registrations()
    said = dict(options or {})
    if host.startswith("wsgi"):
        function = wrap(
            Function(call, "hello", signature, input_type=input_type, options=said), layers
        )
        if signature is Signature.HTTP or with_flask or host == "wsgi with flask":
            app = FunctionApp("main", Path(__file__).parent)
            app.serve([function], registered)
            return sender(around(app, function))
        plain = EventHost([function], ErrorHandlers(registered.error_handlers))
        return sender(around(plain, function))

    @functools.wraps(call)
    async def awaited(*arguments: Any) -> Any:
        await asyncio.sleep(0)
        return call(*arguments)

    is_async = host == "asgi"
    function = Function(
        awaited if is_async else call,
        "hello",
        signature,
        is_async=is_async,
        is_asgi=True,
        input_type=input_type,
        options=said,
    )
    threads = Threads("function", 4)
    wrapped = wrap(function, layers, threads.start)
    asgi = ASGIHost([wrapped], ErrorHandlers(registered.error_handlers), threads)
    return sender(around(asgi, function))


def sender(host: Any) -> Callable[..., Answer]:
    """Make a function that sends a request to a host, of either kind, and reads the response."""

    def send(
        method: str = "GET",
        target: str = "/",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        path, _, query = target.partition("?")
        pairs = tuple((headers or {}).items())
        request = Request(method, quote(path), query, pairs, body)
        answer = (
            asyncio.run(respond_async(host, request)) if host.is_async else respond(host, request)
        )
        return Answer(answer.status, dict(answer.headers), answer.body, answer.is_whole)

    return send
