"""Builders of events for tests, each one of the samples with its fields as arguments."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Literal

from cloudevents.http import CloudEvent

from functions_framework.events.binding import now
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import find

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNSET = forms.UNSET


def cloud_event(
    type: str = "com.example.sample",  # noqa: A002 - the attribute's name
    data: Any = None,
    **attributes: Any,
) -> CloudEvent:
    """Make a CloudEvent of any type.

    Args:
        type: the event's type.
        data: the event's data: a JSON value, or bytes together with `datacontenttype`.
        **attributes: further attributes; `id`, `source` and `time` have defaults.
    """
    declared = {} if isinstance(data, bytes) else {"datacontenttype": "application/json"}
    fixed = {"id": "1", "source": "/test", "specversion": "1.0", "time": now(), **declared}
    return CloudEvent({**fixed, "type": type, **attributes}, data)


def sample_event(name: str, /, data: Any = _UNSET, **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a sample, such as `sample_event("kafka", topic="orders")`.

    Args:
        name: one of those `functions-framework events list` shows.
        data: the event's data instead of the sample's.
        **fields: the sample's fields; `functions-framework events show NAME --help` lists them.

    Raises:
        ValueError: there is no such sample or field, or a value does not fit.
    """
    return forms.cloud_event(find(name), fields, data)


def background_event(name: str, /, data: Any = _UNSET, **fields: Any) -> dict[str, Any]:
    """Make the background form of a sample, as a dict for `client.send`; as `sample_event`."""
    return forms.background(find(name), fields, data)


def pubsub_message(
    data: str | bytes | Mapping[str, Any] = "Hello",
    attributes: Mapping[str, str] | None = None,
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of a published message.

    Args:
        data: what was published: text, bytes, or a value that is sent as JSON.
        attributes: the message's attributes.
        **fields: `topic`, `subscription`, `project`, `ordering_key`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    event = sample_event("pubsub", attributes=dict(attributes or {}), **fields)
    event.data["message"]["data"] = _in_base64(data)
    return event


def pubsub_push(
    data: str | bytes | Mapping[str, Any] = "Hello",
    attributes: Mapping[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """Make the body a push subscription posts, as a dict for `client.send`; as `pubsub_message`."""
    given = {"attributes": dict(attributes or {}), **fields}
    body: dict[str, Any] = json.loads(forms.pushed(find("pubsub"), given).body)
    body["message"]["data"] = _in_base64(data)
    return body


def _in_base64(data: Any) -> str:
    if not isinstance(data, (str, bytes)):
        data = json.dumps(data)
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def storage_event(
    bucket: str = "my-bucket",
    name: str = "folder/file.txt",
    action: Literal["finalized", "deleted", "archived", "metadata-updated"] = "finalized",
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of what happened to a Cloud Storage object.

    Args:
        bucket: the object's bucket.
        name: the object's name.
        action: what happened.
        **fields: `content_type`, `size`, `generation`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("storage", action, "finalized"), bucket=bucket, name=name, **fields)


def firestore_event(
    document: str = "users/ada",
    action: Literal["written", "created", "updated", "deleted"] = "written",
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of what happened to a Firestore document.

    Args:
        document: path of the document.
        action: what happened.
        **fields: `fields` and `old_fields` (Firestore's typed values), `project`, `database`,
            `location`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("firestore", action, "written"), document=document, **fields)


def auth_event(action: Literal["created", "deleted"] = "created", **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a Firebase user that was created or deleted.

    Args:
        action: what happened.
        **fields: `uid`, `email`, `project`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("auth", action, "created"), **fields)


def database_event(
    ref: str = "messages/1",
    action: Literal["written", "created", "updated", "deleted"] = "written",
    **fields: Any,
) -> CloudEvent:
    """Make the CloudEvent of what happened to a value of a Realtime Database.

    Args:
        ref: path of the value.
        action: what happened.
        **fields: `before`, `delta`, `instance`, `id`, `time`.

    Raises:
        ValueError: there is no such action or field, or a value does not fit.
    """
    return sample_event(_named("database", action, "written"), ref=ref, **fields)


def audit_log_event(**fields: Any) -> CloudEvent:
    """Make the CloudEvent of an audit log entry.

    Args:
        **fields: `service`, `method_name`, `resource`, `email`, `project`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    return sample_event("audit-log", **fields)


def kafka_event(value: Any = _UNSET, topic: str = "my-topic", **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a Kafka record, as Knative's KafkaSource sends it.

    Args:
        value: the record's value.
        topic: the record's topic.
        **fields: `key`, `partition`, `offset`, `namespace`, `name`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    return sample_event("kafka", value, topic=topic, **fields)


def scheduler_event(body: Any = _UNSET, job: str = "my-job", **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a run of a Cloud Scheduler job.

    Args:
        body: what the job sends, as JSON.
        job: the job's name.
        **fields: `project`, `location`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    given = {} if body is _UNSET else {"body": body}
    return sample_event("scheduler", job=job, **given, **fields)


def event_grid_event(data: Any = _UNSET, **fields: Any) -> CloudEvent:
    """Make the CloudEvent of an Azure Event Grid event.

    Args:
        data: the event's data.
        **fields: `account`, `container`, `blob`, `content_type`, `size`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    return sample_event("event-grid", data, **fields)


def github_event(payload: Any = _UNSET, **fields: Any) -> CloudEvent:
    """Make the CloudEvent of a delivery of a GitHub webhook.

    Args:
        payload: what GitHub sends; that of a push by default.
        **fields: `owner`, `repository`, `branch`, `message`, `user`, `id`, `time`.

    Raises:
        ValueError: there is no such field, or a value does not fit.
    """
    return sample_event("github", payload, **fields)


def _named(service: str, action: str, plain: str) -> str:
    return service if action == plain else f"{service}-{action}"
