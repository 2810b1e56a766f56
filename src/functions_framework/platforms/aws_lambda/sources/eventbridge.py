"""Amazon EventBridge, scheduled events too: the event that it already is, under other names.

Sources: the EventBridge user guide, "Event structure" and "Sending CloudEvents events to API
destinations", which maps the members as this does; "Scheduled events".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content import carried, event, own_event
from .source import Record, Source, at, optional_text, text

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _read(record: Record) -> Message:
    detail = at(record, "detail")
    own = own_event(detail)
    if own is not None:
        return own
    resources = at(record, "resources")
    is_one = isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str)
    attributes = {
        "id": text(record, "id"),
        "source": text(record, "source"),
        "type": text(record, "detail-type"),
        "time": optional_text(record, "time"),
        "subject": resources[0] if is_one else None,
        "region": optional_text(record, "region"),
        "account": optional_text(record, "account"),
    }
    # EventBridge Scheduler writes the object as text.
    return carried(attributes, detail) if isinstance(detail, str) else event(attributes, detail)


source = Source("aws:events", _read, records=lambda payload: [payload])
