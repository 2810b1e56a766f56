"""CloudEvents as background events."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework.events import tables
from functions_framework.events.background import BackgroundEvent
from functions_framework.events.binding import Parts
from functions_framework.events.conversion import (
    has_background_form,
    to_background_event,
    to_cloud_event,
    without_mapping,
)
from functions_framework.exceptions import EventConversionException
from support.event_messages import EVENT

PUBSUB = "google.cloud.pubsub.topic.v1.messagePublished"
STORAGE = "google.cloud.storage.object.v1.finalized"
AUTH = "google.firebase.auth.user.v1.deleted"
DATABASE = "google.firebase.database.ref.v1.deleted"
DOCUMENT = "google.cloud.firestore.document.v1.written"
ANALYTICS = "google.firebase.analytics.log.v1.written"
REMOTE_CONFIG = "google.firebase.remoteconfig.remoteConfig.v1.updated"
TOPIC = {
    "service": "pubsub.googleapis.com",
    "name": "projects/p/topics/t",
    "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
}


def _parts(kind: str, source: str, subject: Any = None, data: Any = None) -> Parts:
    attributes = {**EVENT, "type": kind, "source": source}
    return Parts({**attributes, "subject": subject} if subject is not None else attributes, data)


@pytest.mark.parametrize(
    ("parts", "kind", "resource", "data"),
    [
        pytest.param(
            _parts(
                STORAGE,
                "//storage.googleapis.com/projects/_/buckets/b",
                "objects/f/o.txt",
                {"kind": "storage#object"},
            ),
            "google.storage.object.finalize",
            {
                "name": "projects/_/buckets/b/objects/f/o.txt",
                "service": "storage.googleapis.com",
                "type": "storage#object",
            },
            {"kind": "storage#object"},
            id="storage",
        ),
        pytest.param(
            _parts(
                DATABASE,
                "//firebasedatabase.googleapis.com/projects/_/locations/europe-west1/instances/i",
                "refs/locations/a",
                {"delta": None},
            ),
            "providers/google.firebase.database/eventTypes/ref.delete",
            "projects/_/instances/i/refs/locations/a",
            {"delta": None},
            id="database",
        ),
        *(
            pytest.param(
                _parts(
                    STORAGE, "//storage.googleapis.com/projects/_/buckets/b", "objects/o", given
                ),
                "google.storage.object.finalize",
                {
                    "name": "projects/_/buckets/b/objects/o",
                    "service": "storage.googleapis.com",
                    "type": kind,
                },
                given,
                id=f"storage-{name}",
            )
            for name, given, kind in [
                ("without-kind", {"name": "o"}, STORAGE),
                ("empty", {}, STORAGE),
                ("of-another-kind", {"kind": "mine"}, "mine"),
            ]
        ),
        pytest.param(
            _parts(
                AUTH,
                "//firebaseauth.googleapis.com/projects/p",
                "users/ignored",
                {"metadata": {"createTime": 1, "lastSignInTime": 2, "x": 3}},
            ),
            "providers/firebase.auth/eventTypes/user.delete",
            "projects/p",
            {"metadata": {"createdAt": 1, "lastSignedInAt": 2, "x": 3}},
            id="auth",
        ),
        pytest.param(
            _parts(
                DOCUMENT,
                "//firestore.googleapis.com/projects/p/databases/named",
                "documents/a/b",
                b"\x08\x01",
            ),
            "providers/cloud.firestore/eventTypes/document.write",
            "projects/p/databases/named/documents/a/b",
            b"\x08\x01",
            id="firestore-protobuf-named-database",
        ),
        pytest.param(
            _parts(ANALYTICS, "//firebase.googleapis.com/projects/p", "events/e", {}),
            "providers/google.firebase.analytics/eventTypes/event.log",
            "projects/p/events/e",
            {},
            id="analytics",
        ),
        pytest.param(
            _parts(REMOTE_CONFIG, "//firebaseremoteconfig.googleapis.com/projects/p", None, {}),
            "providers/firebase.remoteConfig/remoteconfig.update",
            "projects/p",
            {},
            id="remote-config",
        ),
        *(
            pytest.param(
                _parts(PUBSUB, "//pubsub.googleapis.com/projects/p/topics/t", None, given),
                "google.pubsub.topic.publish",
                TOPIC,
                expected,
                id=f"pubsub-{name}",
            )
            for name, given, expected in [
                (
                    "message",
                    {"message": {"data": "x", "messageId": "m", "publishTime": "t"}},
                    {"data": "x"},
                ),
                ("no-message", {"data": "x", "messageId": "m"}, {"data": "x"}),
                ("array", [1], [1]),
            ]
        ),
    ],
)
def test_conversion(parts: Parts, kind: str, resource: Any, data: Any) -> None:
    assert to_background_event(parts) == BackgroundEvent(
        data, "1", "2020-01-01T00:00:00Z", kind, resource
    )


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (_parts(DOCUMENT, "projects/p", "s"), "source must look like"),
        (_parts(DOCUMENT, "https://service/p", "s"), "source must look like"),
        (_parts(DOCUMENT, "//service", "s"), "source must look like"),
        (_parts(DOCUMENT, "//firestore.googleapis.com/p"), "needs a subject"),
        (_parts(DOCUMENT, "//firestore.googleapis.com/p", ""), "needs a subject"),
        (_parts(DOCUMENT, "//firestore.googleapis.com/p", 5), "needs a subject"),
        (_parts(DATABASE, "//firebasedatabase.googleapis.com/p"), "needs a subject"),
        (_parts(STORAGE, "//storage.googleapis.com/p", None, {"kind": "k"}), "needs a subject"),
        (_parts(STORAGE, "//storage.googleapis.com/p", "s", b"kind"), "must be a JSON object"),
        (_parts(STORAGE, "//storage.googleapis.com/p", "s", None), "must be a JSON object"),
        (_parts(PUBSUB, "//pubsub.googleapis.com/p", None, "text"), "with 'message'"),
        (_parts(PUBSUB, "//pubsub.googleapis.com/p", None, None), "with 'message'"),
        (_parts(PUBSUB, "//pubsub.googleapis.com/p", None, b"x"), "with 'message'"),
        (_parts(PUBSUB, "//pubsub.googleapis.com/p", None, {"message": 1}), "with 'message'"),
    ],
)
def test_what_has_no_other_form_is_refused(parts: Parts, reason: str) -> None:
    with pytest.raises(EventConversionException, match=f"^EventConversionException: .*{reason}"):
        to_background_event(parts)


def test_the_event_itself_is_not_changed() -> None:
    data = {"message": {"messageId": "m", "data": "x"}}
    to_background_event(_parts(PUBSUB, "//pubsub.googleapis.com/projects/p/topics/t", None, data))
    assert data == {"message": {"messageId": "m", "data": "x"}}


@pytest.mark.parametrize("kind", tables.BACKGROUND_TYPES.values())
def test_back_and_forth_is_the_same_event(kind: str) -> None:
    shapes = {
        tables.STORAGE: "projects/_/buckets/b/objects/o",
        tables.FIRESTORE: "projects/p/databases/d/documents/x",
        tables.DATABASE: "projects/_/instances/i/refs/r",
        tables.ANALYTICS: "projects/p/events/e",
    }
    service = next(name for start, name in tables.SERVICES.items() if kind.startswith(start))
    resource: Any = shapes.get(service, "projects/p")
    if service in {tables.STORAGE, tables.PUBSUB}:
        note = "storage#object" if service == tables.STORAGE else TOPIC["type"]
        resource = {"service": service, "name": resource, "type": note}
    domain = "x.firebasedatabase.app" if service == tables.DATABASE else None
    event = BackgroundEvent({"kind": "storage#object"}, "E", "T", kind, resource, domain)
    assert to_background_event(to_cloud_event(event)) == event._replace(domain=None)


def test_newer_types_have_no_background_form() -> None:
    newer = "google.cloud.firestore.document.v1.written.withAuthContext"
    assert not has_background_form({"type": newer})
    assert has_background_form({"type": DOCUMENT})
    assert not has_background_form({"type": ["unhashable"]})


def test_other_types_keep_data_and_give_their_attributes() -> None:
    assert without_mapping(Parts(dict(EVENT), b"x")) == BackgroundEvent(
        b"x", "1", "2020-01-01T00:00:00Z", "t", "//s/a"
    )


def test_background_headers_come_first() -> None:
    legacy = {"eventid": "e", "timestamp": "ts", "eventtype": "et", "resource": "r"}
    assert without_mapping(Parts({**EVENT, **legacy}, b"x")) == BackgroundEvent(
        b"x", "e", "ts", "et", "r"
    )
