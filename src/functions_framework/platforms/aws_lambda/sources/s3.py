"""Amazon S3: each record of a notification is an event whose data is the record.

Sources: the S3 user guide, "Event message structure"; the CloudEvents adapter `aws-s3.md`, from
which `id` differs: one request that deletes many objects gives all their events the same ids of
the request, so the place of the event (its sequencer, version and key) is behind them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.events.content import event

from .source import Record, Source, optional_text, text

if TYPE_CHECKING:
    from functions_framework.model.message import Message

_REQUEST = (("responseElements", "x-amz-request-id"), ("responseElements", "x-amz-id-2"))
_PLACE = (("s3", "object", "sequencer"), ("s3", "object", "versionId"), ("s3", "object", "key"))


def _read(record: Record) -> Message:
    bucket, key = text(record, "s3", "bucket", "name"), text(record, "s3", "object", "key")
    region = optional_text(record, "awsRegion")
    identity = [optional_text(record, *path) for path in (*_REQUEST, *_PLACE)]
    attributes = {
        "id": ".".join(filter(None, identity)),
        "source": ".".join(filter(None, (text(record, "eventSource"), region, bucket))),
        "type": f"com.amazonaws.s3.{text(record, 'eventName')}",
        "time": optional_text(record, "eventTime"),
        "subject": key,
    }
    return event(attributes, record)


source = Source("aws:s3", _read)
