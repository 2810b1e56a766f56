"""Hosts for whole applications: a WSGI or ASGI app in the source, served as it is.

The server is ours, with its logs, limits and shutdown; routing, errors and everything else between
a request and its response are the application's own.
"""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.logs import log_crash
from functions_framework.model.message import Headers, Reply
from functions_framework.runtime.cancelling import is_asked_for
from functions_framework.runtime.escaping import escape_crashes_of
from functions_framework.signatures.responses import Closing, Lasting

from .asgi.lifespan import Lifespan
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
        Environ,
        Receive,
        Scope,
        Send,
        WSGIApp,
    )


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
    """Run an app until its head is known; a body whose declared length is reached is whole.

    What the app does after its last part, and when it is closed, it does when that was sent: people
    run there what is not to keep their client waiting.
    """
    start = _Start()
    parts = app(environ, start)
    close = getattr(parts, "close", _nothing)
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
    if is_over and close is _nothing:
        return Reply(start.status, start.headers, first)
    if is_over or _is_all(first, start.headers, environ):
        left = Closing((), partial(_end, rest, close))
        return Reply(start.status, start.headers, Lasting.of(first, left))
    return Reply(start.status, start.headers, Closing(_parts(first, rest, start), close))


def _nothing() -> None:
    """Close what cannot be closed."""


def _end(rest: Iterator[bytes], close: Callable[[], None]) -> None:
    """Let an app come to its end, and close it; what is longer than its length ends there."""
    try:
        next(filter(None, rest), None)
    finally:
        close()


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
