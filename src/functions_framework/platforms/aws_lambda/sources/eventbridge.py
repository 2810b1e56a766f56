"""Amazon EventBridge, scheduled events too: the event that it already is, under other names.

Sources: the EventBridge user guide, "Event structure" and "Sending CloudEvents events to API
destinations", which maps the members as this does; "Scheduled events".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.model.message import Message

from .content import event, is_cloud_event
from .source import Record, Source, at, optional_text, text

if TYPE_CHECKING:
    from collections.abc import Mapping


def _read(record: Record) -> Message:
    detail = _detail(record)
    if is_cloud_event(detail):
        return Message(STRUCTURED_TYPE, {}, json.dumps(detail).encode())
    resources = at(record, "resources")
    is_one = isinstance(resources, list) and len(resources) == 1 and isinstance(resources[0], str)
    attributes: Mapping[str, Any] = {
        "id": text(record, "id"),
        "source": text(record, "source"),
        "type": text(record, "detail-type"),
        "time": optional_text(record, "time"),
        "subject": resources[0] if is_one else None,
        "region": optional_text(record, "region"),
        "account": optional_text(record, "account"),
    }
    return event(attributes, detail)


def _detail(record: Record) -> Any:
    """What the event is about; EventBridge Scheduler writes it as the text of a JSON object."""
    detail = at(record, "detail")
    if isinstance(detail, str):
        try:
            return json.loads(detail)
        except (ValueError, RecursionError):
            return detail
    return detail


source = Source("aws:events", _read, records=lambda payload: [payload])
