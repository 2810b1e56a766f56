"""Hosts for whole applications: a WSGI or ASGI app in the source, served as it is.

The server is ours, with its logs, limits and shutdown; routing, errors and everything else between
a request and its response are the application's own.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Literal

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.logs import log_crash
from functions_framework.model.message import Headers, Reply
from functions_framework.runtime.cancelling import is_asked_for
from functions_framework.runtime.escaping import escape_crashes_of
from functions_framework.signatures.responses import Closing

from .asgi.opening import open_asgi
from .asgi.scope import begin
from .errors import CRASH_REPLY, ClientLeftError, refusal
from .senders_faults import Input, Received
from .wsgi.environ import begin_seen, code_of, path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import (
        ASGIApp,
        ASGIMessage,
        Environ,
        Receive,
        Scope,
        Send,
        WSGIApp,
    )


_LIFESPAN = {"version": "3.0", "spec_version": "2.0"}
_UNSERVED = "lifespan.startup.failed"


def host_of(functions: Sequence[Function], lifecycle: Lifecycle) -> WSGIHost | ASGIHost:
    """Build the host of an application; its own start-up and shut-down join the life cycle.

    Raises:
        InvalidConfigurationException: it is not alone.
    """
    if len(functions) > 1:
        names = ", ".join(
            f"{function.name!r} ({function.protocol.upper()} application)"
            if function.protocol
            else repr(function.name)
            for function in functions
        )
        raise InvalidConfigurationException(
            f"Cannot serve {names} on one port: an application answers every path. Name it alone "
            "with --target, or route the functions in it."
        )
    (function,) = functions
    if function.protocol == "wsgi":
        return WSGIHost(function)
    lifespan = Lifespan(function.call)
    lifecycle.startup_hooks = [*lifecycle.startup_hooks, lifespan.begin_lifespan]
    lifecycle.shutdown_hooks = [*lifecycle.shutdown_hooks, lifespan.end_lifespan]
    return ASGIHost(function, lifespan)


class WSGIHost:
    """Serves a WSGI application (PEP 3333)."""

    is_async: Literal[False] = False

    def __init__(self, function: Function) -> None:
        self.function = function
        flask = sys.modules.get("flask")
        if flask is not None and isinstance(function.call, flask.Flask):
            escape_crashes_of(function.call.name)

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        begin_seen(environ, self.function)
        body = Input.of(environ)
        try:
            return body.answered(_open_wsgi(self.function.call, environ))
        except BaseException as error:  # noqa: BLE001 - sys.exit must not end the server
            if body.refused is not None:
                return refusal(body.refused)
            log_crash(error, method=environ["REQUEST_METHOD"], path=path_of(environ))
            return CRASH_REPLY


class _Start:
    """What a WSGI application is called with to start its response.

    Attributes:
        status: the code, None before it was given.
        headers: as given.
        is_sent: whether they are on their way, and cannot be given anew.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: Headers = []
        self.is_sent = False
        self._written: list[bytes] = []

    def __call__(
        self, status: str, headers: Headers, exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if self.status is not None and exc_info is None:
            raise RuntimeError("start_response was called twice without exc_info (PEP 3333).")
        if self.is_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.headers = code_of(status), list(headers)
        return self._written.append

    @property
    def has_written(self) -> bool:
        """Whether there is something of `write` to be sent."""
        return any(self._written)

    def take_written(self) -> bytes:
        """What was sent through `write`, which PEP 3333 keeps for older applications."""
        written, self._written[:] = b"".join(self._written), []
        return written


def _open_wsgi(app: WSGIApp, environ: Environ) -> Reply:
    """Run an app until its head is known; a body whose declared length is reached is whole."""
    start = _Start()
    parts = app(environ, start)
    close = getattr(parts, "close", lambda: None)
    try:
        rest = iter(parts)
        if isinstance(parts, (list, tuple)):
            first, is_over = b"".join(rest), True
        else:
            first, is_over = _first(rest, start)
    except BaseException:
        close()
        raise
    if start.status is None:
        close()
        raise RuntimeError(f"{type(app).__name__} returned without calling start_response.")
    start.is_sent = True
    first = start.take_written() + first
    if is_over or _is_all(first, start.headers, environ):
        close()
        return Reply(start.status, start.headers, first)
    return Reply(start.status, start.headers, Closing(_parts(first, rest, start), close))


def _first(parts: Iterator[bytes], start: _Start) -> tuple[bytes, bool]:
    """The first part that is not empty, and whether there are no others.

    Until then the application may change its head, and nothing of it is sent (PEP 3333).
    """
    for part in parts:
        if part or start.has_written:
            return part, False
    return b"", True


def _parts(first: bytes, rest: Iterator[bytes], start: _Start) -> Iterator[bytes]:
    if first:
        yield first
    for part in rest:
        written = start.take_written() + part
        if written:
            yield written
    if written := start.take_written():
        yield written


def _is_all(body: bytes, headers: Headers, environ: Environ) -> bool:
    if environ["REQUEST_METHOD"] == "HEAD" and not body:
        return True
    return any(
        name.lower() == "content-length" and value == str(len(body)) for name, value in headers
    )


class ASGIHost:
    """Serves an ASGI 3 application."""

    is_async: Literal[True] = True

    def __init__(self, function: Function, lifespan: Lifespan) -> None:
        self.function = function
        self._app = function.call
        self._lifespan = lifespan

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation."""
        begin(scope, self.function)
        if self._lifespan.state is not None:
            scope["state"] = self._lifespan.state.copy()
        body = Received(receive)
        try:
            # A plain dict: other people's code may read it in ways a subclass does not see.
            return body.answered(await open_asgi(self._app, dict(scope), body))
        except BaseException as error:  # sys.exit must not end the server
            if isinstance(error, asyncio.CancelledError) and is_asked_for():
                raise
            refused = error if isinstance(error, ClientLeftError) else body.refused
            if refused is not None:
                return refusal(refused)
            log_crash(error, method=scope["method"], path=scope["path"])
            return CRASH_REPLY

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application on a WebSocket; raises nothing but cancellation."""
        from .asgi.conversation import converse

        begin(scope, self.function)
        if self._lifespan.state is not None:
            scope["state"] = self._lifespan.state.copy()
        await converse(self._app, scope, receive, send)


class Lifespan:
    """The lifespan protocol of an ASGI application, from the server's side.

    Args:
        app: the application.

    Attributes:
        state: what the application keeps for its requests, None if it has no lifespan.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._events: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._answers: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._running: asyncio.Future[None] | None = None
        self.state: dict[str, Any] | None = None

    async def begin_lifespan(self) -> None:
        """Let the application start; one without a lifespan is served as it is.

        Raises:
            BaseException: what the application raised after it said that it cannot start.
            RuntimeError: it said so and raised nothing.
        """
        state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": _LIFESPAN, "state": state}
        running = asyncio.ensure_future(self._app(scope, self._events.get, self._answer))
        answer = await self._ask("lifespan.startup", running)
        if answer is None:
            running.exception()  # seen; not "never retrieved"
        elif answer["type"] == _UNSERVED:
            await running
            reason = answer.get("message") or "it gave no reason"
            raise RuntimeError(f"The application cannot start: {reason}.")
        else:
            self.state, self._running = state, running

    async def _answer(self, message: ASGIMessage) -> None:
        # An app that takes the lifespan for a request ends here, as one without a lifespan.
        if not message["type"].startswith("lifespan."):
            raise RuntimeError(f"A lifespan has no place for {message['type']!r} (ASGI, lifespan).")
        await self._answers.put(message)

    async def end_lifespan(self) -> None:
        """Let the application shut down, if it started.

        Raises:
            BaseException: what the application raised.
        """
        if self._running is not None:
            await self._ask("lifespan.shutdown", self._running)
            await self._running

    async def _ask(self, event: str, running: asyncio.Future[None]) -> ASGIMessage | None:
        """Send an event; the response to it, None if the application ended without one."""
        await self._events.put({"type": event})
        answering = asyncio.ensure_future(self._answers.get())
        both: set[asyncio.Future[Any]] = {running, answering}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        answering.cancel()
        return None
