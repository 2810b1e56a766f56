"""Records of Kinesis data streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .content import T, WithContent, content_of

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class KinesisRecord(WithContent[T], frozen=True, kw_only=True):
    """A record of a Kinesis data stream, as AWS Lambda sends it.

    `KinesisRecord[Order]` says what the JSON in it is: `record.json` is an `Order` then.

    Attributes:
        data: what was put into the stream.
        stream: the name of the stream.
        partition_key: its partition key.
        sequence_number: its place in its shard.
    """

    event_types: ClassVar[tuple[str, ...]] = ("com.amazonaws.kinesis.Record",)

    stream: str = ""
    partition_key: str = ""
    sequence_number: str = ""

    @classmethod
    def wire(cls) -> type[Any]:
        """Anything: what a record holds is its producer's business."""
        return object

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - as all of them
        """Make the value, of attributes and the content."""
        attributes = arrived.attributes
        return cls(
            data=content_of(arrived),
            stream=attributes["source"].rpartition("/")[2],
            partition_key=str(attributes.get("partitionkey") or ""),
            sequence_number=str(attributes.get("sequence") or ""),
        )
