"""Messages of Pub/Sub, however they arrive: as CloudEvents, pushed, or as background events."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from functions_framework.events.background import is_push
from functions_framework.events.tables import PUBSUB_TYPE

from .content import T, WithContent

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class PublishedMessage(msgspec.Struct, rename="camel"):
    """The message as it is published (google.pubsub.v1, PubsubMessage)."""

    data: bytes = b""
    attributes: dict[str, str] = {}
    message_id: str = ""
    publish_time: datetime | None = None
    ordering_key: str = ""


class MessagePublishedData(msgspec.Struct, rename="camel"):
    """A message, and what delivers it."""

    message: PublishedMessage
    subscription: str = ""
    delivery_attempt: int | None = None


class PubSubMessage(WithContent[T], frozen=True, kw_only=True):
    """A message that was published to a topic (google.events.cloud.pubsub.v1).

    `PubSubMessage[Order]` says what the JSON in it is: `message.json` is an `Order` then.

    Attributes:
        data: what was published, decoded from base64.
        attributes: the message's attributes.
        message_id: its id, given by Pub/Sub.
        publish_time: when it was published.
        ordering_key: its ordering key, empty without one.
        subscription: `projects/P/subscriptions/S` that delivers it, empty where it is not said.
        delivery_attempt: which attempt this is, where the subscription has a dead-letter topic.
    """

    event_types: ClassVar[tuple[str, ...]] = (PUBSUB_TYPE,)

    attributes: dict[str, str] = {}
    message_id: str = ""
    publish_time: datetime | None = None
    ordering_key: str = ""
    subscription: str = ""
    delivery_attempt: int | None = None

    @classmethod
    def wire(cls) -> type[Any]:
        """The message with what delivers it."""
        return MessagePublishedData

    @classmethod
    def members(cls, arrived: Arrived) -> Any:
        """The event's data, beside it what only the body of a push says."""
        data, payload = arrived.data, arrived.payload
        if isinstance(data, dict) and isinstance(payload, dict) and is_push(payload):
            return {**payload, **data}
        return data

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:
        """Make the value; the event's id is the message's."""
        message = checked.message
        return cls(
            data=message.data,
            attributes=message.attributes,
            message_id=message.message_id or arrived.attributes["id"],
            publish_time=message.publish_time,
            ordering_key=message.ordering_key,
            subscription=checked.subscription,
            delivery_attempt=checked.delivery_attempt,
        )

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the bytes."""
        return {"json": ("message.data", self.data)}
