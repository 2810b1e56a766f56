"""The access log: one record for each request, made only when it was asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.escaping import printable

from .crash import deliver
from .handler import sole_handler

if TYPE_CHECKING:
    from functions_framework.model.execution import Execution

LOGGER = "functions_framework.access"

WEBSOCKET = "WEBSOCKET"
"""Stands for the method in records about WebSockets."""

_LEAST_CLOSE_CODE = 1000
_SHORT = 512
"""Characters of a path of which certainly nothing is cut off."""
_logger = logging.getLogger(LOGGER)


def log_access(  # noqa: PLR0913, PLR0917 - the columns of the log
    method: str,
    path: str,
    status: int,
    size: int,
    seconds: float,
    running: Execution | None,
) -> None:
    """Log one answered request at INFO, whatever the log level is: it was asked for by name.

    Args:
        method: the request's HTTP method, `WEBSOCKET` where it began a WebSocket.
        path: the request's path, percent-decoded, without the query string, empty for none.
        status: the HTTP status sent; of a WebSocket the code it was closed with.
        size: bytes of the body sent.
        seconds: from the request's arrival to the response's last byte.
        running: the call that answered, None when no function was called.
    """
    if not 0 < len(path) <= _SHORT or not path.isprintable() or not method.isprintable():
        # The target of a CONNECT has no path; a line of words is to be split in as many as any.
        method, path = printable(method), printable(path) or "-"
    text = f"{method} {path} {status} {size}B {seconds * 1000:.1f}ms"
    told = method, path, status, size, seconds
    handler = sole_handler(_logger)
    if handler is None:
        deliver(_logger, _record(text, _fields(*told), running))
        return
    formatter: Any = handler.formatter
    try:
        # Making a record of it takes longer than all the rest of this.
        handler.write(formatter.format_request(LOGGER, text, running, _fields, told))
    except Exception:  # noqa: BLE001 - logging's own way: never into the caller
        handler.handleError(_record(text, _fields(*told), running))


def _fields(method: str, path: str, status: int, size: int, seconds: float) -> dict[str, Any]:
    """What a record says beside its text; arguments as of `log_access`."""
    found: dict[str, Any] = {}
    if method == WEBSOCKET:
        method = "GET"
        if status >= _LEAST_CLOSE_CODE:
            found["close_code"], status = status, 101
    # The names of Cloud Logging's HttpRequest, where int64 is text and a duration has its unit.
    found["httpRequest"] = {
        "requestMethod": method,
        "requestUrl": path,
        "status": status,
        "responseSize": str(size),
        "latency": f"{seconds:.6f}s",
    }
    return found


def _record(text: str, more: dict[str, Any], running: Execution | None) -> logging.LogRecord:
    record = _logger.makeRecord(LOGGER, logging.INFO, "", 0, text, (), None)
    vars(record).update(more)
    record.execution_id = running.execution_id if running else ""
    if running:
        record.trace_id, record.span_id, record.trace_sampled = running.trace
    return record
