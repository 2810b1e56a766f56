"""Amazon EventBridge's own envelope as a CloudEvent: the event that it is, under other names.

On Lambda it is the payload of an invocation; over HTTP it is what a rule sends to an API
destination whose target has no input transformer. Sources: the EventBridge user guide, "Event
structure", and "Sending CloudEvents events to API destinations", which maps the members as this
does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .content import carried, event, own_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_framework.model.message import Message


def is_envelope(payload: object) -> bool:
    """Whether a JSON value is such an event, by its keys."""
    return isinstance(payload, dict) and all(
        name in payload for name in ("detail-type", "source", "detail")
    )


def event_of(envelope: Mapping[str, Any]) -> Message:
    """The event, whose attributes are to be checked; `detail` where that is a CloudEvent.

    Raises:
        InvalidPayload: it holds what JSON cannot.
    """
    detail = envelope.get("detail")
    own = own_event(detail)
    if own is not None:
        return own
    resources = envelope.get("resources")
    subject = resources[0] if isinstance(resources, list) and len(resources) == 1 else None
    attributes = {
        "id": envelope.get("id"),
        "source": envelope.get("source"),
        "type": envelope.get("detail-type"),
        "time": _text_or_none(envelope.get("time")),
        "subject": _text_or_none(subject),
        "region": _text_or_none(envelope.get("region")),
        "account": _text_or_none(envelope.get("account")),
    }
    # EventBridge Scheduler writes the object as text.
    return carried(attributes, detail) if isinstance(detail, str) else event(attributes, detail)


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None
