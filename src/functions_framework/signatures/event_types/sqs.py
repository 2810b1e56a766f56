"""Messages of Amazon SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from functions_framework.model.json_text import loads

from .content import T, WithContent, content_of
from .refusals import InvalidEventData

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class SqsMessage(WithContent[T], frozen=True, kw_only=True):
    """A message of a queue of Amazon SQS, as AWS Lambda sends it (`ReceiveMessage`).

    `SqsMessage[Order]` says what the JSON in it is: `message.json` is an `Order` then.

    Attributes:
        data: the body.
        attributes: the message's attributes; binary ones in base64.
        message_id: its id.
        queue: the name of the queue.
        receive_count: how often it was received, this time included; 0 where nobody says.
        group_id: its message group, empty without one.
        sequence_number: its place in a FIFO queue, empty in any other.
    """

    event_types: ClassVar[tuple[str, ...]] = ("com.amazonaws.sqs.Message",)

    attributes: dict[str, str] = {}
    message_id: str = ""
    queue: str = ""
    receive_count: int = 0
    group_id: str = ""
    sequence_number: str = ""

    @classmethod
    def wire(cls) -> type[Any]:
        """Anything: what a message holds is its sender's business."""
        return object

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - as all of them
        """Make the value, of attributes and the body.

        Raises:
            InvalidEventData: its message attributes aren't a JSON object of texts.
        """
        attributes = arrived.attributes
        count = str(attributes.get("receivecount") or "")
        return cls(
            data=content_of(arrived),
            attributes=_attributes(attributes.get("messageattributes") or "{}"),
            message_id=attributes["id"],
            queue=attributes["source"].rpartition(":")[2],
            receive_count=int(count) if count.isdecimal() and len(count) < 19 else 0,
            group_id=str(attributes.get("partitionkey") or ""),
            sequence_number=str(attributes.get("sequence") or ""),
        )

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`json`, of the body."""
        return {"json": ("body", self.data)}


def _attributes(written: Any) -> dict[str, str]:
    try:
        found = loads(str(written).encode())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
        raise InvalidEventData(
            "The event is not an SqsMessage: messageattributes: Expected a JSON object of texts."
        )
    return found
