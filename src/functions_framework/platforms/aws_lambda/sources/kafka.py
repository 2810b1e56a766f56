"""Amazon MSK and self-managed Kafka: a record of a topic is an event whose data is its value.

`subject`, `key` and `kafkaheader…` are those of Knative's KafkaSource, so that one function reads
the records of both. Sources: the Lambda developer guide, "Using Lambda with Amazon MSK" and
"Configuring error handling controls for Kafka event sources"; the Kafka protocol binding of
CloudEvents 1.0.2; Knative eventing, `KafkaSource`.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from functions_framework.events.content import carried
from functions_framework.exceptions import InvalidPayload

from .source import Record, Source, at, decoded, text, time_of

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _records(payload: Record) -> list[Any]:
    """The records of all partitions, each with what only the payload says of it."""
    cluster = payload.get("eventSourceArn") or f"kafka:{payload.get('bootstrapServers') or ''}"
    found: list[Any] = []
    for name, records in payload["records"].items():
        for record in records if isinstance(records, list) else [None]:
            own = record if isinstance(record, dict) else {}
            found.append({**own, "cluster": cluster, "partitionName": name})
    return found


def _read(record: Record) -> Message:
    topic, partition, offset = _place(record)
    headers = _headers(at(record, "headers"))
    key = None if at(record, "key") is None else _as_text(decoded(record, "key"))
    attributes = {
        "id": f"partition:{partition}/offset:{offset}",
        "source": f"{text(record, 'cluster')}#{topic}",
        "type": "com.amazonaws.kafka.Record",
        "time": time_of(at(record, "timestamp"), 1000),
        "subject": f"partition:{partition}#{offset}",
        "key": key,
        "partitionkey": key,
        **{f"kafkaheader{name.lower()}": value for name, value in headers},
    }
    value = b"" if at(record, "value") is None else decoded(record, "value")
    return carried(attributes, value, headers)


def _place(record: Record) -> tuple[str, int, int]:
    partition, offset = at(record, "partition"), at(record, "offset")
    if type(partition) is not int or type(offset) is not int:
        raise InvalidPayload("The record has no number in partition and offset.")
    return text(record, "topic"), partition, offset


def _headers(headers: object) -> list[tuple[str, str]]:
    """Header fields as text; Lambda sends each as an object of one list of bytes."""
    fields = [one for one in headers if isinstance(one, dict)] if isinstance(headers, list) else []
    try:
        return [
            (name, _as_text(bytes(byte & 0xFF for byte in value)))
            for header in fields
            for name, value in header.items()
        ]
    except TypeError:
        raise InvalidPayload("The record has a header whose value isn't a list of bytes.") from None


def _as_text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()


def _identifier(record: Record) -> dict[str, Any]:
    _, _, offset = _place(record)
    return {"partition": record["partitionName"], "offset": offset}


source = Source(
    "aws:kafka",
    _read,
    records=_records,
    identifier=_identifier,
    is_ordered=lambda _: True,
    lane=lambda record: record["partitionName"],
)
