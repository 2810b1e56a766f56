"""Builders of events of AWS services, as CloudEvents; made of the samples."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from .builders import sample_event

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudevents.http import CloudEvent


def sqs_event(
    body: Any = "Hello",
    attributes: Mapping[str, str] | None = None,
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of a message of Amazon SQS.

    Args:
        body: the message's body: text, or a value that is sent as JSON.
        attributes: the message's attributes.
        **fields: `queue`, `group`, `receive_count`, `region`, `account`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    event = sample_event("sqs", body, **fields)
    if isinstance(body, str):
        event["datacontenttype"] = "text/plain"
    if attributes:
        event["messageattributes"] = json.dumps(dict(attributes))
    return event


def sns_event(
    message: Any = "Hello",
    attributes: Mapping[str, str] | None = None,
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of a message of Amazon SNS.

    Args:
        message: what is published: text, or a value that is sent as JSON.
        attributes: the message's attributes.
        **fields: `topic`, `subject`, `region`, `account`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    event = sample_event("sns", message=message, **fields)
    event.data["MessageAttributes"] = {
        name: {"Type": "String", "Value": value} for name, value in (attributes or {}).items()
    }
    return event


def s3_event(
    bucket: str = "my-bucket",
    key: str = "folder/file.txt",
    action: Literal["created", "deleted"] = "created",
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of what happened to an object of Amazon S3.

    Args:
        bucket: the object's bucket.
        key: the object's key.
        action: what happened.
        **fields: `size`, `region`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("s3", action, "created"), bucket=bucket, key=key, **fields)


def kinesis_event(value: Any = "Hello", stream: str = "my-stream", **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a record of a Kinesis data stream.

    Args:
        value: what was put into the stream: bytes, or a value that is sent as JSON.
        stream: the name of the stream.
        **fields: `partition_key`, `sequence`, `region`, `account`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    event = sample_event("kinesis", value, stream=stream, **fields)
    if isinstance(value, bytes):
        event["datacontenttype"] = "application/octet-stream"
    return event


def dynamodb_event(
    table: str = "users",
    action: Literal["updated", "created", "deleted"] = "updated",
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of a change of an item of a DynamoDB table.

    Args:
        table: the name of the table.
        action: what happened.
        **fields: `keys`, `new_image` and `old_image` (DynamoDB's JSON), `sequence`, `region`,
            `account`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("dynamodb", action, "updated"), table=table, **fields)


def _named(service: str, action: str, plain: str) -> str:
    return service if action == plain else f"{service}-{action}"
