"""A host behind Starlette's application and routes, where agents look for requests.

The host answers as it does alone; what it replied is sent through them, so that an agent sees the
request, its route, the status and the end.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from starlette import applications, requests, responses, routing

from functions_framework.logs import log_crash
from functions_framework.model.fields import as_text
from functions_framework.model.message import Reply
from functions_framework.runtime.cancelling import is_asked_for
from functions_framework.signatures.responses import instead

from ..errors import CRASH_REPLY
from ..instrumented import are_replaced, is_function_of
from .scope import send_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import ASGIMessage, AsyncHost, Receive, Scope, Send

    from .host import ASGIHost

_HANDED_OVER = "functions_framework.replies"


def is_starlette_replaced() -> bool:
    """Whether somebody has put code into the parts of Starlette that a request goes through."""
    parts = (applications.Starlette, routing.Router, routing.Route, requests.Request)
    made_by = routing.request_response
    return are_replaced(parts, "starlette") or not is_function_of(made_by, "starlette")


def routes_to(host: AsyncHost) -> list[routing.Route]:
    """The routes that lead to a host: every path and every method."""

    async def run(request: requests.Request) -> responses.Response:
        return _Replied(await host.respond(request.scope, request.receive))

    found = [routing.Route("/", run), routing.Route("/{path:path}", run)]
    for route in found:
        route.methods = None  # Starlette's own default is GET and HEAD
    return found


class RoutedHost:
    """Serves an ASGI host through a Starlette application.

    Args:
        host: the host.
        is_seen: whether the requests of a path are seen elsewhere, so that each is seen once.
    """

    is_async: Literal[True] = True

    def __init__(self, host: ASGIHost, is_seen: Callable[[str], bool]) -> None:
        self.function: Function = host.function
        self._host = host
        self._is_seen = is_seen
        self._app = applications.Starlette(routes=routes_to(host))
        self._app.router.default = host

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation."""
        if self._is_seen(scope["path"]):
            return await self._host.respond(scope, receive)
        replies: list[tuple[Reply, list[tuple[bytes, bytes]]]] = []
        messages: list[ASGIMessage] = []

        async def send(message: ASGIMessage) -> None:
            messages.append(message)

        try:
            # In this task, so that what the call sets is seen around it as without Starlette.
            await self._app({**scope, _HANDED_OVER: replies}, receive, send)
        except BaseException as error:  # an agent's faults must not end the server
            if isinstance(error, asyncio.CancelledError) and is_asked_for():
                raise
            log_crash(error, method=scope["method"], path=scope["path"])
            return CRASH_REPLY
        return _reply_of(messages, replies)


def _reply_of(
    messages: list[ASGIMessage], replies: list[tuple[Reply, list[tuple[bytes, bytes]]]]
) -> Reply:
    """The reply that was sent: the host's own, with what an agent has changed."""
    head, *rest = messages
    given, shown = replies[-1] if replies else (CRASH_REPLY, [])
    pairs = [(bytes(name), bytes(value)) for name, value in head["headers"]]
    headers = given.headers
    if pairs != shown:
        headers = as_text(pairs)
    body: Any = given.body
    if isinstance(body, bytes):
        sent = b"".join(part.get("body", b"") for part in rest)
        body = body if sent == body else instead(sent, body)
    return Reply(head["status"], headers, body)


class _Replied(responses.Response):
    """A reply as the response that an endpoint of Starlette returns."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.status_code = reply.status
        self.background = None
        self.body = reply.body if isinstance(reply.body, bytes) else b""
        self.raw_headers = [
            (name.lower().encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in reply.headers
        ]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it; a server of ours takes the body of a stream by itself."""
        replies = scope.get(_HANDED_OVER)
        if replies is None:
            await send_reply(self._reply, send, scope)
            return
        replies.append((self._reply, self.raw_headers))
        status = self.status_code
        await send(
            {"type": "http.response.start", "status": status, "headers": [*self.raw_headers]}
        )
        await send({"type": "http.response.body", "body": self.body})
