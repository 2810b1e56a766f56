"""Kinesis data streams: a record is an event whose data is what was put into the stream.

Sources: the Lambda developer guide, "Using Lambda to process records from Amazon Kinesis Data
Streams" and "Configuring partial batch response with Kinesis Data Streams and Lambda".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.events.content import carried

from .source import Record, Source, at, decoded, optional_text, text, time_of

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _read(record: Record) -> Message:
    attributes = {
        "id": text(record, "eventID"),
        "source": text(record, "eventSourceARN"),
        "type": "com.amazonaws.kinesis.Record",
        "time": time_of(at(record, "kinesis", "approximateArrivalTimestamp")),
        "partitionkey": optional_text(record, "kinesis", "partitionKey"),
        "sequence": optional_text(record, "kinesis", "sequenceNumber"),
    }
    return carried(attributes, decoded(record, "kinesis", "data"))


source = Source(
    "aws:kinesis",
    _read,
    identifier=lambda record: text(record, "kinesis", "sequenceNumber"),
    is_ordered=lambda _: True,
    lane=lambda _: None,
)
