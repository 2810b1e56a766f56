"""Which source a payload is from: told by its keys and its `eventSource`.

==========================  =====================================  ===========================
source                      told by                                partial batch response
==========================  =====================================  ===========================
Amazon SQS                  `Records`, `aws:sqs`                   every message that failed
Kinesis, DynamoDB streams   `Records`, `aws:kinesis`, `:dynamodb`  the first record not done
Kafka (MSK, self-managed)   `records`, `aws:kafka`, `SelfManaged…` the first of each partition
Amazon SNS, S3              `Records`, `aws:sns`, `aws:s3`         none: the invocation fails
EventBridge Pipes           a list of records of one of the above  as that source; Kafka: none
EventBridge                 `detail-type`                          none
CloudWatch Logs             `awslogs`                              none
==========================  =====================================  ===========================
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidPayload

from ..shapes import keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .source import Source

_HOMES = {
    "aws:sqs": "sqs",
    "aws:sns": "sns",
    "aws:s3": "s3",
    "aws:kinesis": "kinesis",
    "aws:dynamodb": "dynamodb",
    "aws:kafka": "kafka",
    "SelfManagedKafka": "kafka",
}
"""The values of `eventSource`, with the module of this folder that reads the records."""


def source_of(payload: object) -> Source:
    """The source of a payload.

    Raises:
        InvalidPayload: it is of none that is known; the text names its keys and no value.
    """
    if isinstance(payload, dict):
        if "window" in payload and "state" in payload:
            raise InvalidPayload(
                "The payload is of a tumbling window, whose state a function isn't given. Take "
                "TumblingWindowInSeconds out of the event source mapping."
            )
        home = _home(payload)
        if home is not None:
            return _source_in(home)
    if isinstance(payload, list) and (home := _home_of(payload)) is not None:
        from .pipes import piped

        return piped(_source_in(home))
    raise InvalidPayload(
        f"The payload is not an event of a known AWS service: it is {_told(payload)}. "
        "Known are SQS, SNS, S3, Kinesis, DynamoDB, Kafka, EventBridge, its pipes and CloudWatch "
        "Logs."
    )


def _source_in(home: str) -> Source:
    found: Source = importlib.import_module(f"{__package__}.{home}").source
    return found


def _home(payload: Mapping[str, Any]) -> str | None:
    records = payload.get("Records")
    if isinstance(records, list):
        return _home_of(records)
    if isinstance(payload.get("records"), dict):
        return _HOMES.get(_kind(payload))
    if "detail-type" in payload and "source" in payload:
        return "eventbridge"
    return "cloudwatch_logs" if isinstance(payload.get("awslogs"), dict) else None


def _home_of(records: list[Any]) -> str | None:
    kinds = {_kind(record) for record in records}
    known = [_HOMES[kind] for kind in kinds if kind in _HOMES]
    return known[0] if len(known) == 1 else None


def _kind(record: object) -> str:
    """What a record says it is from; SNS alone writes the name of that member in capitals."""
    if not isinstance(record, dict):
        return ""
    found = record.get("eventSource", record.get("EventSource"))
    return found if isinstance(found, str) else ""


def _told(payload: object) -> str:
    """What a payload looks like, by its keys and those of its first record."""
    told = keys_of(payload)
    records = payload.get("Records") if isinstance(payload, dict) else payload
    if isinstance(records, list):
        told += f"; its first record is {keys_of(records[0])}" if records else "; Records is empty"
    return told
