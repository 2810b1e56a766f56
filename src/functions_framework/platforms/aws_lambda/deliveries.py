"""Events of a payload: each a request to its function, and what comes of all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import BATCH_TYPE, STRUCTURED_TYPE
from functions_framework.hosts.batches import NOT_BEGUN, Answered
from functions_framework.model.message import Reply

from .batch import answer_of, events_of, is_ordered, refused
from .traces import TRACE_FIELD, traceparent_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .batch import Delivery
    from .entries import Entry
    from .invoke import Invoke


def handle(invoke: Invoke, entry: Entry) -> dict[str, Any] | None:
    """Have the events of an invoke handled.

    Args:
        invoke: brings them.
        entry: the function that takes them.

    Returns:
        What Lambda is given.

    Raises:
        InvalidPayload: they are of an unknown service.
        EventsFailed: they are to be sent again.
    """
    deliveries = events_of(invoke.payload)
    if "batch" in entry.function.options:
        outcomes = _as_one(invoke, entry, deliveries)
    elif is_ordered(invoke.payload):
        outcomes = _in_order(invoke, entry, deliveries)
    else:
        outcomes = _at_once(invoke, entry, deliveries)
    return answer_of(invoke.payload, deliveries, outcomes)


def _as_one(invoke: Invoke, entry: Entry, deliveries: Sequence[Delivery]) -> list[Answered | None]:
    """The outcomes of events that are one call, which decides on all of them."""
    bodies = [delivery.message.body for delivery in deliveries if delivery.fault is None]
    if not bodies:
        return [refused(delivery) for delivery in deliveries]
    started = time.monotonic()
    answer, running = invoke.post(entry.path, BATCH_TYPE, b"[%b]" % b",".join(bodies))
    found = NOT_BEGUN
    if answer is not None:
        reply = Reply(answer.status, answer.headers, answer.body)
        found = Answered(reply, running, time.monotonic() - started)
    return [found if delivery.fault is None else refused(delivery) for delivery in deliveries]


def _at_once(invoke: Invoke, entry: Entry, deliveries: Sequence[Delivery]) -> list[Answered | None]:
    read = [index for index, delivery in enumerate(deliveries) if delivery.fault is None]
    served = _served(invoke, entry, [deliveries[index] for index in read])
    found: list[Answered | None] = [
        None if delivery.fault is None else refused(delivery) for delivery in deliveries
    ]
    for index, outcome in zip(read, served, strict=True):
        found[index] = outcome
    return found


def _in_order(
    invoke: Invoke, entry: Entry, deliveries: Sequence[Delivery]
) -> list[Answered | None]:
    """One after another; what comes after a failure in its lane is not begun."""
    found: list[Answered | None] = []
    stopped = set()
    for delivery in deliveries:
        outcome = None
        if delivery.lane not in stopped and time.monotonic() < invoke.deadline:
            is_read = delivery.fault is None
            outcome = _served(invoke, entry, [delivery])[0] if is_read else refused(delivery)
        if outcome is None or outcome.kind:
            stopped.add(delivery.lane)
        found.append(outcome)
    return found


def _served(
    invoke: Invoke, entry: Entry, deliveries: Sequence[Delivery]
) -> Sequence[Answered | None]:
    if not deliveries:
        return ()
    return invoke.outcomes(
        entry.path,
        STRUCTURED_TYPE,
        [delivery.message.body for delivery in deliveries],
        [_traced(delivery.message.fields) for delivery in deliveries],
    )


def _traced(fields: Mapping[str, str]) -> Mapping[str, str]:
    """An event's own fields; the trace of its sender goes on, where X-Ray told it."""
    header = fields.get(TRACE_FIELD)
    found = traceparent_of(header) if header and "traceparent" not in fields else None
    return {**fields, "traceparent": found} if found else fields
