"""Which call a record belongs to: the filter that writes it on records, and how it is read back."""

from __future__ import annotations

import logging
from typing import NamedTuple

from functions_framework.execution import NO_TRACE, Execution, Trace, execution

ATTRIBUTES = frozenset({"execution_id", "trace_id", "span_id", "trace_sampled"})


class Origin(NamedTuple):
    """The call a record comes from.

    Attributes:
        execution_id: the call's id, empty outside a call.
        trace: where the call stands in its caller's trace.
    """

    execution_id: str
    trace: Trace

    @classmethod
    def of(cls, running: Execution) -> Origin:
        """The origin of what a call logs."""
        return cls(running.execution_id, running.trace)


NOWHERE = Origin("", NO_TRACE)


def origin_of(record: logging.LogRecord) -> Origin:
    """The call a record was made in: what `ContextFilter` wrote on it, else the current call."""
    fields = record.__dict__
    if "execution_id" in fields:
        trace = Trace(
            fields.get("trace_id") or None,
            fields.get("span_id") or None,
            fields.get("trace_sampled"),
        )
        return Origin(fields["execution_id"], trace)
    running = execution.get()
    return NOWHERE if running is None else Origin(running.execution_id, running.trace)


class ContextFilter(logging.Filter):
    """Writes the current call on each record, for formats of the user's own.

    Sets `execution_id`, `trace_id` and `span_id` (empty text outside a call) and `trace_sampled`
    (True, False or None), so that `%(execution_id)s` works in any format. Put on a handler that
    queues, it keeps the call for a handler that runs in another thread. Never drops a record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Write the call on a record that does not carry one yet."""
        if "execution_id" not in record.__dict__:
            running = execution.get()
            origin = NOWHERE if running is None else Origin.of(running)
            record.execution_id = origin.execution_id
            record.trace_id = origin.trace.trace_id or ""
            record.span_id = origin.trace.span_id or ""
            record.trace_sampled = origin.trace.is_sampled
        return True
