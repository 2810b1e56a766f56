"""Amazon SQS: a message is an event whose data is the message's body.

Sources: the Lambda developer guide, "Using Lambda with Amazon SQS"; the SQS API reference,
`ReceiveMessage`; the CloudEvents extensions "Partitioning" and "Sequence".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from functions_framework.events.content import attributes_of, carried
from functions_framework.exceptions import InvalidPayload
from functions_framework.hosts.senders import SQS_RECEIVED

from .source import Record, Source, at, optional_text, text, time_of

if TYPE_CHECKING:
    from functions_framework.model.message import Message

MESSAGE_TYPE = "com.amazonaws.sqs.Message"


def _read(record: Record) -> Message:
    body = at(record, "body")
    if not isinstance(body, str):
        raise InvalidPayload("The record has no text in body.")
    beside = attributes_of(at(record, "messageAttributes"))
    attributes = {
        "id": text(record, "messageId"),
        "source": text(record, "eventSourceARN"),
        "type": MESSAGE_TYPE,
        "time": time_of(at(record, "attributes", "SentTimestamp"), 1000),
        "partitionkey": optional_text(record, "attributes", "MessageGroupId"),
        "sequence": optional_text(record, "attributes", "SequenceNumber"),
        "messageattributes": json.dumps(dict(beside)) if beside else None,
        "receivecount": _count(record),
    }
    return carried(attributes, body, beside, _fields(record, dict(beside)))


def _count(record: Record) -> str | None:
    return optional_text(record, "attributes", "ApproximateReceiveCount")


def _fields(record: Record, beside: dict[str, str]) -> dict[str, str]:
    """What the message says of itself, as header fields: its attempt, and its trace."""
    found = {
        SQS_RECEIVED: _count(record),
        "x-amzn-trace-id": optional_text(record, "attributes", "AWSTraceHeader"),
        "traceparent": beside.get("traceparent"),
        "tracestate": beside.get("tracestate"),
    }
    return {name: value for name, value in found.items() if value and value.isascii()}


def _is_fifo(payload: Record) -> bool:
    """Whether it is the name of a FIFO queue, which ends in `.fifo` ("FIFO queue names")."""
    return any(str(at(record, "eventSourceARN")).endswith(".fifo") for record in payload["Records"])


source = Source(
    "aws:sqs",
    _read,
    identifier=lambda record: text(record, "messageId"),
    is_ordered=_is_fifo,
)
