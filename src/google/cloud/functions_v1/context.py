"""The metadata that a background function gets beside its data."""

from __future__ import annotations

from typing import Any

__all__ = ["Context"]


class Context:
    """Metadata of a background event.

    Attributes:
        event_id: unique id of the event.
        timestamp: when it happened, as received (RFC 3339).
        event_type: such as `google.pubsub.topic.publish`.
        resource: what it happened to: a name, or a dict of `service`, `name` and `type`.
    """

    def __init__(
        self,
        eventId: str | None = "",  # noqa: N803 - the wire's own names, public since 1.0
        timestamp: str | None = "",
        eventType: str | None = "",  # noqa: N803
        resource: Any = "",
    ) -> None:
        self.event_id = eventId
        self.timestamp = timestamp
        self.event_type = eventType
        self.resource = resource

    def __str__(self) -> str:
        return (
            f"{{event_id: {self.event_id}, timestamp: {self.timestamp}, "
            f"event_type: {self.event_type}, resource: {self.resource}}}"
        )
