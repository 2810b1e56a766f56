"""What answers a crash with its traceback; only built under --debug.

Sync functions get Werkzeug's debugger, with a console in every frame; what runs on an event loop
gets a page. Both are for this machine only: everybody else gets the crash reply.
"""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs

from werkzeug.debug import DebuggedApplication

from functions_framework.exceptions import InvalidResultException
from functions_framework.logs.crash import fold_traces, traceback_text
from functions_framework.model.execution import execution
from functions_framework.model.message import TEXT, Reply

from .debug_page import is_local, page
from .gate import gated
from .layered import layered
from .wsgi.environ import code_of
from .wsgi.layer_driver import EnvironHead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_framework.model.interfaces import Environ, Host, StartResponse, SyncHost

    from .asgi.layer_driver import AsyncLayered
    from .layers import Head, Steps
    from .wsgi.layer_driver import SyncLayered

_LEAD = "The function raised this."
_FORBIDDEN = Reply(403, [TEXT], b"The debugger answers this machine only.\n")

_REFUSED = Reply(403, [TEXT], b"The debugger does not know this page any more, or wants its PIN.\n")


class SyncDebugHost:
    """Shows crashes of a sync host in Werkzeug's debugger."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost) -> None:
        self._host = host
        self._debugged = DebuggedApplication(self._run, evalex=True, console_path="")

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        is_trusted = is_local(EnvironHead(environ))
        if _is_command(environ):
            return self._debug(environ) if is_trusted else _FORBIDDEN
        if not is_trusted:
            return self._host.respond(environ)
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

    def _run(self, environ: Environ, _: StartResponse) -> Iterable[bytes]:
        """The application that the debugger debugs: raises what the host answered with a crash."""
        if _is_command(environ):
            # The debugger did not take it: a wrong secret, no PIN yet, a frame that is gone.
            environ["functions_framework.reply"] = _REFUSED
            return ()
        execution.set(None)
        reply = self._host.respond(environ)
        error = getattr(execution.get(), "error", None)
        accepted = environ.get("HTTP_ACCEPT", "")
        is_unsendable = isinstance(error, InvalidResultException)
        if isinstance(error, Exception) and "text/html" in accepted and not is_unsendable:
            _close(reply)
            fold_traces(error)
            # The debugger leaves out the frames up to this one.
            __traceback_hide__ = "before_and_this"
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


class DebugLayer:
    """Shows crashes on a page: those of an async host, and of any where no debugger can be had."""

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        execution.set(None)
        reply: Reply = yield None
        error = getattr(execution.get(), "error", None)
        if error is None or not is_local(head):
            return reply
        return page(error, _LEAD, traceback_text(error), head.header("accept") or "")


def debugged(host: Host) -> SyncDebugHost | SyncLayered | AsyncLayered:
    """The host with its crashes shown, and its replies as they are sent."""
    host = gated(host)
    if not host.is_async:
        # Werkzeug counts wrong PINs in memory that processes share. A system that is read-only, or
        # has no /dev/shm, has none.
        with suppress(OSError, ImportError):
            return SyncDebugHost(host)
    return layered(host, DebugLayer())
