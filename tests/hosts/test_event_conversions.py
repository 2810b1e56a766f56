"""Pub/Sub pushes and CloudEvents as background events, over every host."""

from __future__ import annotations

from typing import Any

import pytest

from support.background_calls import PUBSUB_MESSAGE, Call, ce, every_host, send

# -- 4.4 Pub/Sub push ----------------------------------------------------------------------------


def _push(**message: Any) -> dict[str, Any]:
    return {"subscription": "projects/p/subscriptions/s", "message": {"messageId": "m", **message}}


def _pushed(topic: str = "projects/p/topics/t", **data: Any) -> Call:
    resource = {"service": "pubsub.googleapis.com", "type": PUBSUB_MESSAGE, "name": topic}
    attributes = {"@type": PUBSUB_MESSAGE, "attributes": {}, **data}
    return Call(attributes, "m", "P", "google.pubsub.topic.publish", resource)


PUSHES: dict[str, tuple[Any, str, Call]] = {
    "whole": (
        _push(data="eA==", publishTime="P", attributes={"a": "b"}),
        "/projects/p/topics/t",
        _pushed(data="eA==", attributes={"a": "b"}),
    ),
    "deeper path": (
        _push(data="eA==", publishTime="P"),
        "/x/projects/p/topics/t/y",
        _pushed(data="eA=="),
    ),
    "no topic": (_push(data="eA==", publishTime="P"), "/", _pushed("", data="eA==")),
    "query": (
        _push(data="eA==", publishTime="P"),
        "/projects/p/topics/t?x=1",
        _pushed(data="eA=="),
    ),
    "attributes null": (
        _push(data="eA==", publishTime="P", attributes=None),
        "/projects/p/topics/t",
        _pushed(data="eA==", attributes=None),
    ),
    "ordering key": (
        _push(data="eA==", publishTime="P", orderingKey="k", message_id="m", publish_time="P"),
        "/projects/p/topics/t",
        _pushed(data="eA=="),
    ),
    "no data": (
        _push(publishTime="P", attributes={"a": "b"}),
        "/projects/p/topics/t",
        _pushed(attributes={"a": "b"}),
    ),
}


@every_host
@pytest.mark.parametrize("name", PUSHES)
def test_pubsub_push(name: str, host: str) -> None:
    payload, target, expected = PUSHES[name]
    answer, call = send(host, payload, target=target)
    assert answer.status == 200
    assert call == expected


@every_host
def test_a_push_without_publish_time_gets_the_time_of_receipt(host: str) -> None:
    _, call = send(host, _push(data="eA=="))
    assert call is not None
    assert call.timestamp.endswith("Z")
    assert "." in call.timestamp
    _, call = send(host, _push(data="eA==", publishTime=None))
    assert call is not None
    assert call.timestamp is None


# -- 4.2 CloudEvents, 5.6 ------------------------------------------------------------------------

STORAGE = "google.cloud.storage.object.v1.finalized"
BUCKET = "//storage.googleapis.com/projects/_/buckets/b"
DATABASE = "google.firebase.database.ref.v1.deleted"
INSTANCE = "//firebasedatabase.googleapis.com/projects/_/locations/europe-west1/instances/i"
TOPIC = "google.cloud.pubsub.topic.v1.messagePublished"
TOPIC_SOURCE = "//pubsub.googleapis.com/projects/p/topics/t"
TOPIC_RESOURCE = {
    "service": "pubsub.googleapis.com",
    "name": "projects/p/topics/t",
    "type": PUBSUB_MESSAGE,
}
DOCUMENT = "google.cloud.firestore.document.v1.written"
DATABASE_SOURCE = "//firestore.googleapis.com/projects/p/databases/named"
USER = "google.firebase.auth.user.v1.created"

CONVERTED: dict[str, tuple[dict[str, str], Any, Call]] = {
    "storage": (
        ce(STORAGE, BUCKET, subject="objects/f/o.txt"),
        {"kind": "storage#object"},
        Call(
            {"kind": "storage#object"},
            "E",
            "T",
            "google.storage.object.finalize",
            {
                "name": "projects/_/buckets/b/objects/f/o.txt",
                "service": "storage.googleapis.com",
                "type": "storage#object",
            },
        ),
    ),
    "database": (
        ce(DATABASE, INSTANCE, subject="refs/a"),
        {"data": 1},
        Call(
            {"data": 1},
            "E",
            "T",
            "providers/google.firebase.database/eventTypes/ref.delete",
            "projects/_/instances/i/refs/a",
        ),
    ),
    "auth": (
        ce(USER, "//firebaseauth.googleapis.com/projects/p", subject="users/u"),
        {"uid": "u", "metadata": {"createTime": "1", "lastSignInTime": "2"}},
        Call(
            {"uid": "u", "metadata": {"createdAt": "1", "lastSignedInAt": "2"}},
            "E",
            "T",
            "providers/firebase.auth/eventTypes/user.create",
            "projects/p",
        ),
    ),
    "pubsub": (
        ce(TOPIC, TOPIC_SOURCE),
        {"message": {"data": "eA==", "messageId": "E", "publishTime": "T"}, "subscription": "s"},
        Call({"data": "eA=="}, "E", "T", "google.pubsub.topic.publish", TOPIC_RESOURCE),
    ),
    "pubsub array": (
        ce(TOPIC, TOPIC_SOURCE),
        [1],
        Call([1], "E", "T", "google.pubsub.topic.publish", TOPIC_RESOURCE),
    ),
    "firestore, protobuf": (
        {
            **ce(DOCUMENT, DATABASE_SOURCE, subject="documents/a/b"),
            "Content-Type": "application/protobuf",
        },
        b"\x0a\xff",
        Call(
            b"\x0a\xff",
            "E",
            "T",
            "providers/cloud.firestore/eventTypes/document.write",
            "projects/p/databases/named/documents/a/b",
        ),
    ),
    "specversion 0.3": (
        ce(TOPIC, TOPIC_SOURCE, specversion="0.3"),
        {"message": {}},
        Call({}, "E", "T", "google.pubsub.topic.publish", TOPIC_RESOURCE),
    ),
    "unknown type": (ce("t", "//s/n"), b'{"a":1}', Call(b'{"a":1}', "E", "T", "t", "//s/n")),
    "unknown type, own headers": (
        ce("t", "//s/n", eventId="i", timestamp="ts", eventType="et", resource="r"),
        b"raw",
        Call(b"raw", "i", "ts", "et", "r"),
    ),
    "newer type": (
        ce("google.cloud.firestore.document.v1.written.withAuthContext", "//s/n"),
        b"raw",
        Call(
            b"raw", "E", "T", "google.cloud.firestore.document.v1.written.withAuthContext", "//s/n"
        ),
    ),
    "percent-encoded": (
        ce("t", "//s/n", resource="a%20%E2%82%AC"),
        b"",
        Call(b"", "E", "T", "t", "a \u20ac"),
    ),
}


@every_host
@pytest.mark.parametrize("name", CONVERTED)
def test_binary_cloud_events(name: str, host: str) -> None:
    headers, body, expected = CONVERTED[name]
    answer, call = send(host, body, headers)
    assert answer.status == 200
    assert call == expected


@every_host
@pytest.mark.parametrize("name", [name for name in CONVERTED if name.startswith("5.6 s")])
def test_structured_cloud_events_convert_like_binary_ones(name: str, host: str) -> None:
    headers, body, expected = CONVERTED[name]
    event = {key[3:]: value for key, value in headers.items() if key.startswith("ce-")}
    answer, call = send(
        host, {**event, "data": body}, {"Content-Type": "application/cloudevents+json"}
    )
    assert answer.status == 200
    assert call == expected


@every_host
def test_a_structured_cloud_event_of_unknown_type_gives_its_attributes(host: str) -> None:
    event = {"specversion": "1.0", "id": "E", "type": "t", "source": "/s", "time": "T", "data": 1}
    _, call = send(host, event, {"Content-Type": "application/cloudevents+json"})
    assert call == Call(1, "E", "T", "t", "/s")


@every_host
def test_without_a_time_it_is_the_time_of_receipt(host: str) -> None:
    _, call = send(host, {"message": {}}, ce(TOPIC, TOPIC_SOURCE, time=None))
    assert call is not None
    assert call.timestamp.endswith("+00:00")


UNCONVERTIBLE: dict[str, tuple[dict[str, str], Any]] = {
    "source without //": (ce(TOPIC, "pubsub"), {"message": {}}),
    "storage without an object": (ce(STORAGE, BUCKET, subject="objects/o"), [1]),
    "storage without subject": (ce(STORAGE, BUCKET), {"kind": "k"}),
    "firestore without subject": (ce(DOCUMENT, DATABASE_SOURCE), {}),
    "pubsub text": (ce(TOPIC, TOPIC_SOURCE), "secret"),
    "pubsub empty": (ce(TOPIC, TOPIC_SOURCE), b""),
    "specversion 9": (ce(TOPIC, TOPIC_SOURCE, specversion="9"), {"message": {}}),
    "malformed JSON": (ce(TOPIC, TOPIC_SOURCE), b"{secret"),
}


@every_host
@pytest.mark.parametrize("name", UNCONVERTIBLE)
def test_events_that_cannot_be_converted_are_the_senders_fault(name: str, host: str) -> None:
    headers, body = UNCONVERTIBLE[name]
    answer, call = send(host, body, headers)
    assert call is None
    assert answer.status == 400
    assert answer.body.count(b"\n") == 1
    assert b"secret" not in answer.body
