"""Records of Kafka, as Knative's source and AWS Lambda send them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from .content import T, WithContent, content_of
from .refusals import InvalidEventData

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived

_SUBJECT = re.compile(r"partition:(\d{1,18})#(\d{1,18})", re.ASCII)
_HEADER = "kafkaheader"


class KafkaRecord(WithContent[T], frozen=True, kw_only=True):
    """A record of a topic, as Knative's KafkaSource or AWS Lambda sends it.

    Attributes:
        data: the record's value.
        topic: its topic.
        partition: its partition.
        offset: its offset in the partition.
        key: its key, None without one.
        headers: its headers, by lower-case names.
    """

    event_types: ClassVar[tuple[str, ...]] = (
        "dev.knative.kafka.event",
        "com.amazonaws.kafka.Record",
    )

    topic: str = ""
    partition: int = 0
    offset: int = 0
    key: str | None = None
    headers: dict[str, str] = {}

    @classmethod
    def wire(cls) -> type[Any]:
        """Anything: what a record holds is its producer's business."""
        return object

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - as all of them
        """Make the value, of attributes and the body.

        Raises:
            InvalidEventData: the subject does not name the record.
        """
        attributes = arrived.attributes
        place = _SUBJECT.fullmatch(str(attributes.get("subject") or ""))
        if place is None:
            raise InvalidEventData(
                "The event is not a KafkaRecord: subject: Expected 'partition:NUMBER#OFFSET'."
            )
        key = attributes.get("key")
        return cls(
            data=content_of(arrived),
            topic=attributes["source"].rpartition("#")[2],
            partition=int(place[1]),
            offset=int(place[2]),
            key=None if key is None else str(key),
            headers={
                name.removeprefix(_HEADER): str(value)
                for name, value in attributes.items()
                if name.startswith(_HEADER) and value is not None
            },
        )
