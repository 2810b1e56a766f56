"""DynamoDB streams: a change of an item is an event whose data is the record.

Sources: the Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB" and "Configuring
partial batch response with DynamoDB and Lambda"; the DynamoDB streams API reference, `Record`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.events.content import event

from .source import Record, Source, at, optional_text, text, time_of

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _read(record: Record) -> Message:
    attributes = {
        "id": text(record, "eventID"),
        "source": text(record, "eventSourceARN"),
        "type": f"com.amazonaws.dynamodb.{text(record, 'eventName')}",
        "time": time_of(at(record, "dynamodb", "ApproximateCreationDateTime")),
        "sequence": optional_text(record, "dynamodb", "SequenceNumber"),
    }
    return event(attributes, record)


source = Source(
    "aws:dynamodb",
    _read,
    identifier=lambda record: text(record, "dynamodb", "SequenceNumber"),
    is_ordered=lambda _: True,
    lane=lambda _: None,
)
