"""Amazon EventBridge, scheduled events too: see `events.eventbridge`.

Sources: the EventBridge user guide, "Event structure" and "Scheduled events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.events.content import own_event
from functions_framework.events.eventbridge import event_of

from .source import Record, Source, at, text

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _read(record: Record) -> Message:
    if own_event(at(record, "detail")) is None:
        for name in ("id", "source", "detail-type"):
            text(record, name)
    return event_of(record)


source = Source("aws:events", _read, records=lambda payload: [payload])
