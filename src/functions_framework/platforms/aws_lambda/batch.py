"""The events of a payload, and the response to it, made of what became of each.

A service that takes partial batch responses is told which of its records are to come again. One
that takes none gets an error when any event failed; Lambda then tries all of them again. Where all
events failed it is an error too, which is right with and without `ReportBatchItemFailures`. A
dropped event counts as done.

Source: the Lambda developer guide, "Handling errors for an SQS event source", "Configuring partial
batch response with Kinesis Data Streams", "… with DynamoDB", "Configuring error handling controls
for Kafka event sources".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.exceptions import FunctionsFrameworkException, InvalidPayload
from functions_framework.hosts.batches import NOT_BEGUN, REFUSED, Answered
from functions_framework.hosts.errors import refusal
from functions_framework.model.message import Message
from functions_framework.runtime.escaping import own_logger

from .sources.table import source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILURES = "batchItemFailures"
_MOST_TEXT = 500

_log = own_logger("functions_framework.events")


class EventsFailed(FunctionsFrameworkException):
    """Events of a payload failed, and its sender has to send all of them again."""


class Delivery(NamedTuple):
    """An event of a payload.

    Attributes:
        message: the event as a request of its own, in structured mode.
        identifier: what a partial batch response calls it, None where its source takes none.
        fault: why it can't be read; its message is empty then.
        lane: what its order is kept in (see `sources.source`).
    """

    message: Message
    identifier: Any = None
    fault: InvalidPayload | None = None
    lane: object = None


_UNREADABLE = Message(None, {}, b"")


def events_of(payload: Any) -> list[Delivery]:
    """The events of a payload, in their order; one that is malformed has a `fault`.

    Raises:
        InvalidPayload: its service is unknown; the text names its keys and no value.
    """
    source = source_of(payload)
    found = []
    for index, record in enumerate(source.records(payload)):
        identifier = lane = None
        try:
            if source.identifier is not None:
                identifier = source.identifier(record)
            lane = source.lane and source.lane(record)
            found.append(Delivery(source.read(record), identifier, None, lane))
        except InvalidPayload as error:
            fault = InvalidPayload(f"Record {index} of {source.name}: {error}")
            found.append(Delivery(_UNREADABLE, identifier, fault, lane))
    return found


def refused(delivery: Delivery) -> Answered:
    """The outcome of an event that can't be read; its function isn't called."""
    fault = delivery.fault or InvalidPayload("The record can't be read.")
    return Answered(refusal(fault), None, 0.0)


def is_ordered(payload: Any) -> bool:
    """Whether the events are to be handled one after another, up to the first that fails."""
    return source_of(payload).is_ordered(payload)


def answer_of(
    payload: Any,
    deliveries: Sequence[Delivery],
    outcomes: Sequence[Answered | None],
) -> dict[str, Any] | None:
    """What the invocation returns.

    Args:
        payload: as it came.
        deliveries: its events.
        outcomes: what became of each; None of one that was not begun.

    Raises:
        EventsFailed: they are all to come again; the text counts them and repeats nothing of them.
    """
    source = source_of(payload)
    every = [outcome or NOT_BEGUN for outcome in outcomes]
    failed = _failed(deliveries, every, is_ordered=source.is_ordered(payload))
    if not failed:
        return None if source.identifier is None else {FAILURES: []}
    _tell_refused(deliveries, every)
    if source.identifier is None or len(failed) == len(every):
        raise EventsFailed(_told(source.name, every))
    if any(delivery.identifier is None for delivery in failed):
        raise EventsFailed(f"{_told(source.name, every)} One that failed has no identifier.")
    if source.lane is not None:
        firsts: dict[object, Delivery] = {}
        for delivery in failed:
            firsts.setdefault(delivery.lane, delivery)
        failed = list(firsts.values())
    return {FAILURES: [{"itemIdentifier": delivery.identifier} for delivery in failed]}


def _failed(
    deliveries: Sequence[Delivery], every: Sequence[Answered], *, is_ordered: bool
) -> list[Delivery]:
    """The events that are to come again: with an order, all of a lane from the first on."""
    found = []
    stopped = set()
    for delivery, outcome in zip(deliveries, every, strict=True):
        if outcome.kind or (is_ordered and delivery.lane in stopped):
            found.append(delivery)
            stopped.add(delivery.lane)
    return found


def _tell_refused(deliveries: Sequence[Delivery], every: Sequence[Answered]) -> None:
    """Record why events were refused: here nobody reads the responses to them."""
    for index, (delivery, outcome) in enumerate(zip(deliveries, every, strict=True)):
        if outcome.kind != REFUSED:
            continue
        body = outcome.reply.body
        why = body.decode("utf-8", "replace").strip() if isinstance(body, bytes) else ""
        fields = {"index": index, "itemIdentifier": delivery.identifier}
        _log.warning(
            "Event %s was refused: %s", index, why[:_MOST_TEXT], extra={"json_fields": fields}
        )


def _told(name: str, every: Sequence[Answered]) -> str:
    kinds = Counter(outcome.kind for outcome in every if outcome.kind)
    counted = ", ".join(f"{number} {kind}" for kind, number in kinds.items())
    failed = sum(kinds.values())
    return f"{failed} of {len(every)} events of {name} failed ({counted})."
