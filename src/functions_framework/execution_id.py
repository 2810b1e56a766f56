"""Names that code written for earlier releases takes from here; thin covers of today's parts.

The call in progress is `functions_framework.current()`, the streams are `logs.streams`. Nothing in
the package uses this module.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .logs.streams import RecordStream, flush_call
from .model.execution import EXECUTION_ID, Execution, execution, new_execution_id
from .model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions_framework.model.interfaces import (
        ASGIApp,
        Environ,
        Receive,
        Scope,
        Send,
        StartResponse,
        WSGIApp,
    )

execution_context_var = execution
"""The context variable of the call in progress."""

EXECUTION_ID_REQUEST_HEADER = EXECUTION_ID
TRACE_CONTEXT_REQUEST_HEADER = "X-Cloud-Trace-Context"
_ENVIRON_NAME = f"HTTP_{EXECUTION_ID.upper().replace('-', '_')}"
_SCOPE_NAME = EXECUTION_ID.lower().encode()


class ExecutionContext(Execution):
    """A call known by its ids alone."""

    __slots__ = ()

    def __init__(self, execution_id: str | None = None, span_id: str | None = None) -> None:
        super().__init__(execution_id or "")
        self.trace = Trace(None, span_id, None)


class LoggingHandlerAddExecutionId(RecordStream):
    """A stream that writes each text it is given inside a call as one JSON record.

    Unlike `RecordStream`, it does not wait for the end of a line.

    Args:
        stream: where the records go, the current standard output when omitted.
    """

    def __init__(self, stream: Any = None) -> None:
        super().__init__(sys.stdout if stream is None else stream)

    def write(self, text: str) -> int:
        """Write one record; a line end alone writes nothing."""
        running = execution.get()
        if running is None:
            return self.original.write(text)
        self.emit(text, running)
        return len(text)


class WsgiMiddleware:
    """Gives each request of a WSGI app an execution id and makes its call current.

    Args:
        wsgi_app: the application.
    """

    def __init__(self, wsgi_app: WSGIApp) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Call the app; the header is in the environ from then on."""
        execution_id = environ.get(_ENVIRON_NAME) or new_execution_id()
        environ[_ENVIRON_NAME] = execution_id
        running = Execution(
            execution_id,
            traceparent=environ.get("HTTP_TRACEPARENT"),
            cloud_trace=environ.get("HTTP_X_CLOUD_TRACE_CONTEXT"),
            tracestate=environ.get("HTTP_TRACESTATE"),
        )
        with _in_call(running):
            return self.wsgi_app(environ, start_response)


class AsgiMiddleware:
    """Gives each HTTP request of an ASGI app an execution id and makes its call current.

    Args:
        app: the application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app; the header is in the scope from then on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        execution_id = headers.get(_SCOPE_NAME)
        if not execution_id:
            execution_id = new_execution_id()
            others = [pair for pair in scope["headers"] if pair[0] != _SCOPE_NAME]
            scope["headers"] = [*others, (_SCOPE_NAME, execution_id.encode())]
        running = Execution(
            execution_id,
            traceparent=headers.get(b"traceparent"),
            cloud_trace=headers.get(b"x-cloud-trace-context"),
            tracestate=headers.get(b"tracestate"),
        )
        with _in_call(running):
            await self.app(scope, receive, send)


@contextmanager
def _in_call(running: Execution) -> Iterator[None]:
    token = execution.set(running)
    try:
        yield
    finally:
        flush_call(running)
        execution.reset(token)
