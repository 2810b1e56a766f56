"""What every format says of a record: the call it belongs to, and the second it was made in.

A filter writes the call on records; here is how it is read back.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING

from functions_framework.model.execution import execution
from functions_framework.model.trace import NO_TRACE, Trace
from functions_framework.runtime.escaping import printable

if TYPE_CHECKING:
    from collections.abc import Callable

ATTRIBUTES = frozenset({"execution_id", "trace_id", "span_id", "trace_sampled"})


def origin_of(record: logging.LogRecord) -> tuple[str, Trace]:
    """The id and trace of the call a record was made in; an empty id outside a call.

    What `ContextFilter` wrote on the record counts, else the current call. The id is the sender's:
    it is escaped.
    """
    fields = record.__dict__
    if "execution_id" in fields:
        trace_id, span_id = fields.get("trace_id") or None, fields.get("span_id") or None
        return printable(str(fields["execution_id"])), Trace(
            trace_id, span_id, fields.get("trace_sampled")
        )
    running = execution.get()
    if running is None:
        return "", NO_TRACE
    return printable(running.execution_id), running.trace


class RequestRecord:
    """Stands for the `LogRecord` about a request where nobody else's code sees it.

    Args:
        name: the logger's.
    """

    __slots__ = ("created", "levelname", "name")

    levelno = logging.INFO
    lineno = 0
    pathname = ""
    funcName = ""  # noqa: N815 - logging's name

    def __init__(self, name: str) -> None:
        self.name = name
        self.created = time.time()
        self.levelname = logging.getLevelName(logging.INFO)


class Seconds:
    """Texts of seconds, of which the last is known.

    Args:
        make: gives the text of a whole second, in seconds since the epoch.
    """

    __slots__ = ("_known", "_make")

    def __init__(self, make: Callable[[float], str]) -> None:
        self._make = make
        self._known = -math.inf, ""

    def text_of(self, created: float) -> str:
        """The text of the second that a time is in, in seconds since the epoch."""
        second, text = self._known
        if not 0.0 <= created - second < 1.0:
            second = created // 1
            text = self._make(second)
            self._known = second, text  # both at once, as threads share them
        return text


class ContextFilter(logging.Filter):
    """Writes the current call on each record, for formats of the user's own.

    Sets `execution_id`, `trace_id` and `span_id` (empty text outside a call) and `trace_sampled`
    (True, False or None), so that `%(execution_id)s` works in any format. Put on a handler that
    queues, it keeps the call for a handler that runs in another thread. Never drops a record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Write the call on a record that does not carry one yet."""
        if "execution_id" not in record.__dict__:
            execution_id, trace = origin_of(record)
            record.execution_id = execution_id
            record.trace_id = trace.trace_id or ""
            record.span_id = trace.span_id or ""
            record.trace_sampled = trace.is_sampled
        return True
