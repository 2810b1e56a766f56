"""What public programs decode by hand, as functions of decoded events: also where theirs fail.

Each row names a repository with the program, what it wants of an event, and an event that its own
code does not get right (no data, JSON beside protobuf, a member that is absent).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import (
    AuditLog,
    FirestoreChange,
    PubSubMessage,
    StorageObject,
    testing,
)
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import find
from functions_framework.model.function import Signature
from support.in_memory import serve

if TYPE_CHECKING:
    from collections.abc import Callable

found: list[Any] = []


@dataclass
class Info:
    foo: str | None = None


def hello(message: PubSubMessage) -> None:
    found.append(f"Hello, {message.text or 'World'}!")


def order(message: PubSubMessage) -> None:
    found.append((message.attributes.get("kind"), message.json if message.data else None))


def announce(message: PubSubMessage[Info]) -> None:
    found.append(message.json.foo)


def log_entry(message: PubSubMessage[AuditLog]) -> None:
    entry = message.json
    found.append((entry.method, entry.resource_name, entry.principal))


def firestore(change: FirestoreChange) -> None:
    found.append((change.before, change.after))


def points(change: FirestoreChange) -> None:
    if change.after and "count" in change.changed:
        found.append((change.path, change.after["count"] + 1))


def auditlog(log: AuditLog) -> None:
    found.append((log.event.subject, log.service, log.method, log.resource_name, log.principal))


def bounding_box(log: AuditLog) -> None:
    found.append((log.resource_name, log.resource.labels.get("bucket_name")))


def storage(file: StorageObject) -> None:
    found.append((file.bucket, file.name, file.metageneration, file.time_created is not None))


def background(message: PubSubMessage, context: Any) -> None:
    found.append((message.text, context.event_type))


def _published(value: Any, form: str = "push", **fields: Any) -> Any:
    text = value if isinstance(value, str) else json.dumps(value)
    return forms.request_in(form, find("pubsub"), {"message": text, **fields})


def _without_data() -> Any:
    request = _published("x", attributes={"kind": "a"})
    body = json.loads(request.body)
    del body["message"]["data"]
    return request._replace(body=json.dumps(body).encode())


def _entry(**changes: Any) -> Any:
    entry = testing.audit_log_event().data
    payload = {**entry["protoPayload"], **changes}
    return {**entry, "protoPayload": {key: item for key, item in payload.items() if item}}


def _sent(sample: str, data: Any = forms.UNSET, **fields: Any) -> Any:
    return forms.request_in("binary", find(sample), fields, data)


METHOD = "google.pubsub.v1.Publisher.CreateTopic"
TOPIC = "projects/my-project/topics/my-topic"
SUBJECT = f"pubsub.googleapis.com/{TOPIC}"
PROGRAMS: list[tuple[str, Callable[..., Any], Any, Any]] = [
    ("writeentry-dbettis/wrtntry-order-processing", hello, _published("Ada"), "Hello, Ada!"),
    ("enjo-kangeki/multiple-repo", hello, _without_data(), "Hello, World!"),
    ("KayvanShah1/carbon-max", order, _without_data(), ("a", None)),
    ("arXiv/arxiv-announce", announce, _published({"bar": 1}), None),
    ("python-docs-samples/v2/log/stackdriver", log_entry, _published(_entry()),
     (METHOD, TOPIC, "ada@example.com")),
    ("python-docs-samples/v2/log/stackdriver, anonymous", log_entry,
     _published(_entry(authenticationInfo=None)), (METHOD, TOPIC, "")),
    ("python-docs-samples/v2/firebase/hello-firestore", firestore, _sent("firestore-created"),
     (None, {"name": "Ada", "count": 4})),
    ("yutoo89/trend-curator-cloud-function", points, _sent("firestore"), ("users/ada", 5)),
    ("meteatamel/cloud-code-custom-samples", auditlog, _sent("audit-log"),
     (SUBJECT, "pubsub.googleapis.com", METHOD, TOPIC, "ada@example.com")),
    ("kevincalderonjaxa/laureate-cloud-functions-etl", bounding_box,
     _sent("audit-log", _entry(resourceName=None)), ("", None)),
    ("python-docs-samples/v2/storage/hello-gcs", storage, _sent("storage"),
     ("my-bucket", "folder/file.txt", 1, True)),
]  # fmt: skip


@pytest.mark.parametrize(("program", "call", "request_", "expected"), PROGRAMS)
def test_a_public_program(
    program: str, call: Callable[..., Any], request_: Any, expected: Any
) -> None:
    found.clear()
    send = serve("wsgi", call, Signature.CLOUDEVENT)
    answer = send("POST", "/", dict(request_.headers), request_.body)
    assert (answer.status, found) == (200, [expected]), program


def test_a_background_program_gets_what_every_sender_sends() -> None:
    for form in ("background", "push", "binary"):
        found.clear()
        request = _published("hi", form)
        send = serve("wsgi", background, Signature.EVENT)
        assert send("POST", "/", dict(request.headers), request.body).status == 200
        assert found == [("hi", "google.pubsub.topic.publish")]


@pytest.mark.parametrize("kind", ["written", "updated.withAuthContext"])
@pytest.mark.parametrize("time", ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789Z"])
def test_events_that_break_the_typed_functions_of_others(kind: str, time: str) -> None:
    """Seen at firebase-functions-python: 136 and 160 (forms of the time), 198 (no `authtype`)."""
    event = testing.firestore_event("users/ada", time=time)
    event["type"] = f"google.cloud.firestore.document.v1.{kind}"
    change: FirestoreChange = FirestoreChange.from_event(event)
    assert change.event.time is not None
    assert change.event.attributes.get("authtype") is None
    assert (change.path, change.changed) == ("users/ada", ["count"])
