"""Messages of Amazon SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from .content import T, WithContent

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class SnsAttribute(msgspec.Struct, rename="pascal"):
    """An attribute of a message."""

    value: str
    type: str = "String"


class SnsNotification(msgspec.Struct, rename="pascal"):
    """What SNS says of a message ("Parsing Amazon SNS message formats")."""

    message_id: str
    topic_arn: str
    message: str
    type: str = "Notification"
    subject: str | None = None
    timestamp: str = ""
    signature_version: str = ""
    signature: str = ""
    signing_cert_url: str = ""
    unsubscribe_url: str = ""
    message_attributes: dict[str, SnsAttribute] | None = None


class SnsMessage(WithContent[T], frozen=True, kw_only=True):
    """A message that was published to a topic of Amazon SNS.

    `SnsMessage[Order]` says what the JSON in it is: `message.json` is an `Order` then.

    Attributes:
        data: what was published.
        attributes: the message's attributes; binary ones in base64.
        message_id: its id.
        subject: its subject, empty without one.
        topic: the ARN of the topic.
    """

    event_types: ClassVar[tuple[str, ...]] = ("com.amazonaws.sns.Notification",)

    attributes: dict[str, str] = {}
    message_id: str = ""
    subject: str = ""
    topic: str = ""

    @classmethod
    def wire(cls) -> type[Any]:
        """The notification."""
        return SnsNotification

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - as all of them
        """Make the value."""
        given = checked.message_attributes or {}
        return cls(
            data=checked.message.encode("utf-8", "surrogatepass"),
            attributes={name: attribute.value for name, attribute in given.items()},
            message_id=checked.message_id,
            subject=checked.subject or "",
            topic=checked.topic_arn,
        )

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the message."""
        return {"json": ("Message", self.data)}
