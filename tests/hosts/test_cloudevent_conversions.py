"""Background events and Pub/Sub pushes as CloudEvents, over every host."""

from __future__ import annotations

from typing import Any

import pytest

from support.cloud_event_calls import JSON, every_host, send, taken

TIME = "2020-09-29T11:32:00.000Z"
PUBSUB_MESSAGE = "type.googleapis.com/google.pubsub.v1.PubsubMessage"
PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


def _background(
    kind: str, resource: Any, data: Any = None, *, is_flat: bool = False, **more: Any
) -> dict[str, Any]:
    attributes = {"eventId": "E", "timestamp": TIME, "eventType": kind, "resource": resource}
    shaped = attributes if is_flat else {"context": attributes}
    return {**shaped, "data": {"a": 1} if data is None else data, **more}


def _named(service: str, name: str) -> dict[str, str]:
    return {"service": f"{service}.googleapis.com", "name": name, "type": "ignored"}


_DATABASE = "providers/google.firebase.database/eventTypes/ref.write"
_WRITTEN = "google.firebase.database.ref.v1.written"
_PROJECT = "//firebasedatabase.googleapis.com/projects"

# What is sent, then type, source and subject of the event, and its data where it changes.
EVENTS: dict[str, tuple[dict[str, Any], str, str, str | None, Any]] = {
    "pubsub": (
        _background("google.pubsub.topic.publish", _named("pubsub", "projects/p/topics/t")),
        PUBLISHED,
        "//pubsub.googleapis.com/projects/p/topics/t",
        None,
        {"message": {"a": 1, "messageId": "E", "publishTime": TIME}},
    ),
    "pubsub, old type, flat": (
        _background(
            "providers/cloud.pubsub/eventTypes/topic.publish",
            "projects/p/topics/t",
            {"messageId": "own", "data": "eA=="},
            is_flat=True,
        ),
        PUBLISHED,
        "//pubsub.googleapis.com/projects/p/topics/t",
        None,
        {"message": {"messageId": "own", "data": "eA==", "publishTime": TIME}},
    ),
    "storage": (
        _background(
            "google.storage.object.finalize",
            _named("storage", "projects/_/buckets/b/objects/folder/o.txt"),
        ),
        "google.cloud.storage.object.v1.finalized",
        "//storage.googleapis.com/projects/_/buckets/b",
        "objects/folder/o.txt",
        {"a": 1},
    ),
    "storage, project and generation": (
        _background("google.storage.object.delete", "projects/name/buckets/b/objects/o#123"),
        "google.cloud.storage.object.v1.deleted",
        "//storage.googleapis.com/projects/name/buckets/b",
        "objects/o",
        {"a": 1},
    ),
    "firestore": (
        _background(
            "providers/cloud.firestore/eventTypes/document.write",
            "projects/p/databases/(default)/documents/users/u1",
        ),
        "google.cloud.firestore.document.v1.written",
        "//firestore.googleapis.com/projects/p/databases/(default)",
        "documents/users/u1",
        {"a": 1},
    ),
    "firestore, named database": (
        _background(
            "providers/cloud.firestore/eventTypes/document.create",
            "projects/p/databases/named/documents/d",
        ),
        "google.cloud.firestore.document.v1.created",
        "//firestore.googleapis.com/projects/p/databases/named",
        "documents/d",
        {"a": 1},
    ),
    "auth": (
        _background(
            "providers/firebase.auth/eventTypes/user.create",
            "projects/p",
            {"uid": "u", "metadata": {"createdAt": "1", "lastSignedInAt": "2", "x": 3}},
        ),
        "google.firebase.auth.user.v1.created",
        "//firebaseauth.googleapis.com/projects/p",
        "users/u",
        {"uid": "u", "metadata": {"createTime": "1", "lastSignInTime": "2", "x": 3}},
    ),
    "auth without uid": (
        _background("providers/firebase.auth/eventTypes/user.delete", "projects/p", {"a": 1}),
        "google.firebase.auth.user.v1.deleted",
        "//firebaseauth.googleapis.com/projects/p",
        None,
        {"a": 1},
    ),
    "database": (
        _background(
            _DATABASE, "projects/_/instances/i/refs/a/b", domain="firebaseio.com", params={}
        ),
        _WRITTEN,
        f"{_PROJECT}/_/locations/us-central1/instances/i",
        "refs/a/b",
        {"a": 1},
    ),
    "database, project and domain": (
        _background(
            _DATABASE,
            "projects/name/instances/i/refs/a",
            domain="europe-west1.firebasedatabase.app",
        ),
        _WRITTEN,
        f"{_PROJECT}/name/locations/europe-west1/instances/i",
        "refs/a",
        {"a": 1},
    ),
    "analytics": (
        _background(
            "providers/google.firebase.analytics/eventTypes/event.log",
            "projects/p/events/session_start",
        ),
        "google.firebase.analytics.log.v1.written",
        "//firebase.googleapis.com/projects/p",
        "events/session_start",
        {"a": 1},
    ),
    "remote config": (
        _background("providers/firebase.remoteConfig/remoteconfig.update", "projects/p"),
        "google.firebase.remoteconfig.remoteConfig.v1.updated",
        "//firebaseremoteconfig.googleapis.com/projects/p",
        None,
        {"a": 1},
    ),
}


@every_host
@pytest.mark.parametrize("name", EVENTS)
def test_background_events(name: str, host: str) -> None:
    payload, kind, source, subject, data = EVENTS[name]
    event = taken(host, payload, JSON)
    assert event["type"] == kind
    assert event["source"] == source
    assert event.get("subject") == subject
    assert event.data == data
    assert (event["id"], event["time"], event["specversion"]) == ("E", TIME, "1.0")
    assert event["datacontenttype"] == "application/json"


def _push(**message: Any) -> dict[str, Any]:
    given = {"messageId": "E", "publishTime": TIME, **message}
    return {"subscription": "projects/p/subscriptions/s", "message": given}


PUSHES: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "with the topic": (
        _push(data="eA==", attributes={"k": "v"}),
        "projects/p/topics/t",
        {"data": "eA==", "attributes": {"k": "v"}},
    ),
    "without a topic": (_push(data="eA=="), "", {"data": "eA==", "attributes": {}}),
    "attributes only": (
        _push(attributes={"k": "v"}),
        "projects/p/topics/t",
        {"attributes": {"k": "v"}},
    ),
    "ordering key": (
        _push(data="eA==", orderingKey="key"),
        "projects/p/topics/t",
        {"data": "eA==", "attributes": {}, "orderingKey": "key"},
    ),
}


@every_host
@pytest.mark.parametrize("name", PUSHES)
def test_pubsub_pushes(name: str, host: str) -> None:
    payload, topic, message = PUSHES[name]
    event = taken(host, payload, JSON, f"/{topic}")
    assert event["type"] == PUBLISHED
    assert event["source"] == f"//pubsub.googleapis.com/{topic}"
    assert event.data == {
        "message": {
            "@type": PUBSUB_MESSAGE,
            "messageId": "E",
            "publishTime": TIME,
            **message,
        }
    }


@every_host
def test_an_event_is_a_cloud_event_first(host: str) -> None:
    both = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "eventId": "E"}
    assert taken(host, both, JSON)["id"] == "1"


@every_host
@pytest.mark.parametrize("version", ["9", None])
def test_what_is_not_a_valid_cloud_event_is_tried_as_background_event(
    version: str | None, host: str
) -> None:
    payload = _background("google.pubsub.topic.publish", "projects/p/topics/t", is_flat=True)
    event = taken(host, {**payload, "specversion": version, "id": "1"}, JSON)
    assert (event["id"], event["type"]) == ("E", PUBLISHED)


_STORAGE = "google.storage.object.finalize"
UNCONVERTIBLE = {
    "unknown type": _background("secret", "projects/p"),
    "resource does not fit": _background(_STORAGE, "secret"),
    "resource null": _background(_STORAGE, None),
    "resource without a name": _background(_STORAGE, {"service": "storage.googleapis.com"}),
    "database without domain": _background(_DATABASE, "projects/_/instances/i/refs/a"),
    "database, domain null": _background(_DATABASE, "projects/_/instances/i/refs/a", domain=None),
    "pubsub, data is text": _background("google.pubsub.topic.publish", "projects/p", "secret"),
    "push, message null": {"subscription": "s", "message": None},
}


@every_host
@pytest.mark.parametrize("name", UNCONVERTIBLE)
def test_what_cannot_be_converted_is_the_senders_fault(name: str, host: str) -> None:
    answer, event = send(host, UNCONVERTIBLE[name], JSON)
    assert event is None
    assert answer.status == 400
    assert answer.body.count(b"\n") == 1
    assert b"secret" not in answer.body
