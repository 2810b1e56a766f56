"""Hosts around other hosts that answer a crash with its traceback; only built under --debug.

Sync functions get Werkzeug's debugger, with a console in every frame; what runs on an event loop
gets a page. Both are for this machine only: everybody else gets the crash reply.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from werkzeug.debug import DebuggedApplication

from functions_framework.logs.crash import traceback_text
from functions_framework.model.execution import execution
from functions_framework.model.message import TEXT, Reply

from .debug_page import is_local, is_local_environ, page
from .wsgi.environ import code_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_framework.model.function import Function

    from .asgi.scope import Receive, Scope, Send
    from .wsgi.environ import Environ

_LEAD = "The function raised this."
_FORBIDDEN = Reply(403, [TEXT], b"The debugger answers this machine only.\n")

_REFUSED = Reply(403, [TEXT], b"The debugger does not know this page any more, or wants its PIN.\n")


class SyncDebugHost:
    """Shows crashes of a sync host in Werkzeug's debugger."""

    is_async = False

    def __init__(self, host: Any) -> None:
        self._host = host
        self._debugged = DebuggedApplication(self._run, evalex=True, console_path="")

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        is_trusted = is_local_environ(environ)
        if _is_command(environ):
            return self._debug(environ) if is_trusted else _FORBIDDEN
        if not is_trusted:
            return self._host.respond(environ)  # type: ignore[no-any-return]
        return self._debug(environ)

    def _debug(self, environ: Environ) -> Reply:
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head[:] = code_of(status), headers

        parts = self._debugged(environ, start_response)
        try:
            body = b"".join(parts)
        finally:
            getattr(parts, "close", lambda: None)()
        reply: Reply | None = environ.pop("functions_framework.reply", None)
        return reply or Reply(head[0], head[1], body)

    def _run(self, environ: Environ, _: Callable[..., Any]) -> Iterable[bytes]:
        """The application that the debugger debugs: raises what the host answered with a crash."""
        if _is_command(environ):
            # The debugger did not take it: a wrong secret, no PIN yet, a frame that is gone.
            environ["functions_framework.reply"] = _REFUSED
            return ()
        execution.set(None)
        reply = self._host.respond(environ)
        error = getattr(execution.get(), "error", None)
        accepted = environ.get("HTTP_ACCEPT", "")
        if isinstance(error, Exception) and "text/html" in accepted:
            _close(reply)
            # It was logged: what the debugger writes itself would be the second time.
            environ["wsgi.errors"] = io.StringIO()
            raise error
        if error is not None:
            _close(reply)
            reply = page(error, _LEAD, traceback_text(error), accepted)
        environ["functions_framework.reply"] = reply
        return ()


def _is_command(environ: Environ) -> bool:
    return "yes" in parse_qs(environ["QUERY_STRING"]).get("__debugger__", ())


def _close(reply: Reply) -> None:
    getattr(reply.body, "close", lambda: None)()


class AsyncDebugHost:
    """Shows crashes of an async host on a page."""

    is_async = True

    def __init__(self, host: Any) -> None:
        self._host = host
        self.function: Function = host.function

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation."""
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        client = scope.get("client")
        execution.set(None)
        reply: Reply = await self._host.respond(scope, receive)
        error = getattr(execution.get(), "error", None)
        if error is None or not is_local(client and client[0], headers.get):
            return reply
        return page(error, _LEAD, traceback_text(error), headers.get("accept", ""))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        from .asgi.scope import send_reply

        if scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await self._host(scope, receive, send)
