"""Background events, the form before CloudEvents: JSON payloads to one value.

Three shapes arrive: attributes under `context`, attributes beside `data`, and the raw message of a
Pub/Sub push subscription. What they mean as CloudEvents is in `conversion`.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Any, NamedTuple

from functions_framework.exceptions import MalformedRequest
from google.cloud.functions_v1.context import Context

PUBSUB_SERVICE = "pubsub.googleapis.com"
PUBSUB_MESSAGE = "type.googleapis.com/google.pubsub.v1.PubsubMessage"
PUBSUB_PUBLISH = "google.pubsub.topic.publish"

_TOPIC = re.compile(r"projects/[^/?]+/topics/[^/?]+")


class BackgroundEvent(NamedTuple):
    """A background event.

    Attributes:
        data: the payload; `""` when the sender left it out.
        event_id: unique id.
        timestamp: when it happened, as received.
        event_type: such as `google.storage.object.finalize`.
        resource: what it happened to: a name, or a dict of `service`, `name` and `type`.
        domain: the database's domain, sent by Realtime Database only.
        ordering_key: the message's, sent by Pub/Sub push only.
        delivery_attempt: which attempt it is, sent by Pub/Sub push only, where there is a
            dead-letter topic.

    All but `data` are as received, so of any JSON type if the sender is at fault.
    """

    data: Any
    event_id: Any = ""
    timestamp: Any = ""
    event_type: Any = ""
    resource: Any = ""
    domain: Any = None
    ordering_key: Any = None
    delivery_attempt: Any = None

    def context(self) -> Context:
        """The second argument of a background function."""
        return Context(self.event_id, self.timestamp, self.event_type, self.resource)


def is_push(payload: dict[str, Any]) -> bool:
    """Whether a payload is what a Pub/Sub push subscription sends."""
    return "message" in payload and "subscription" in payload and "context" not in payload


def is_background(payload: object) -> bool:
    """Whether a payload says by its keys that it is a background event."""
    return isinstance(payload, dict) and (
        bool(payload.get("context"))
        or "eventType" in payload
        or "eventId" in payload
        or is_push(payload)
    )


def decode(payload: object, path: str = "/") -> BackgroundEvent:
    """Read a payload of any of the three shapes; unknown keys are ignored.

    Args:
        payload: the JSON value of the body.
        path: the URL's path, which names the topic of a push.

    Raises:
        MalformedRequest: the payload isn't one of the shapes.
    """
    if not isinstance(payload, dict) or not payload:
        raise MalformedRequest(
            "A background event is a JSON object with 'context' and 'data'; the body is "
            f"{_kind_of(payload)}."
        )
    if is_push(payload):
        event = _from_push(payload["message"], path)
        return event._replace(delivery_attempt=payload.get("deliveryAttempt"))
    attributes = payload.get("context") or payload
    if not isinstance(attributes, dict):
        raise MalformedRequest("The background event's 'context' is not a JSON object.")
    return BackgroundEvent(
        payload.get("data", ""),
        attributes.get("eventId", ""),
        attributes.get("timestamp", ""),
        attributes.get("eventType", ""),
        attributes.get("resource", ""),
        payload.get("domain"),
    )


def _kind_of(payload: object) -> str:
    if isinstance(payload, dict):
        return "an empty object"
    return "an array" if isinstance(payload, list) else "a single value"


def _from_push(message: object, path: str) -> BackgroundEvent:
    """Read a push message; one without data carries attributes only (Pub/Sub, PubsubMessage)."""
    if not isinstance(message, dict):
        raise MalformedRequest("The Pub/Sub push request's 'message' is not a JSON object.")
    if "messageId" not in message:
        raise MalformedRequest("The Pub/Sub push request's 'message' has no 'messageId'.")
    topic = _TOPIC.search(path)
    data: dict[str, Any] = {"@type": PUBSUB_MESSAGE}
    if "data" in message:
        data["data"] = message["data"]
    data["attributes"] = message.get("attributes", {})
    return BackgroundEvent(
        data,
        message["messageId"],
        message["publishTime"] if "publishTime" in message else _now(),
        PUBSUB_PUBLISH,
        {
            "service": PUBSUB_SERVICE,
            "type": PUBSUB_MESSAGE,
            "name": topic[0] if topic else "",
        },
        ordering_key=message.get("orderingKey"),
    )


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
