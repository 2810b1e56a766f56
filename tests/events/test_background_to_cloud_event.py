"""Background events as CloudEvents: tables A, B and C and each product's rules."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from functions_framework.events import background, tables
from functions_framework.events.background import BackgroundEvent
from functions_framework.events.conversion import to_cloud_event
from functions_framework.exceptions import EventConversionException

TIME = "2020-09-29T11:32:00.000Z"
STORAGE = "google.storage.object.finalize"
WRITE = "providers/cloud.firestore/eventTypes/document.write"
AUTH = "providers/firebase.auth/eventTypes/user.create"
DATABASE = "providers/google.firebase.database/eventTypes/ref.write"
ANALYTICS = "providers/google.firebase.analytics/eventTypes/event.log"
REMOTE_CONFIG = "providers/firebase.remoteConfig/remoteconfig.update"
PUBLISH = "google.pubsub.topic.publish"


def _event(kind: str, resource: Any, data: Any = "", **more: Any) -> BackgroundEvent:
    return BackgroundEvent(data, "E", TIME, kind, resource, **more)


# Written out, so that a slip in the table is seen.
TABLE_A = """
google.pubsub.topic.publish google.cloud.pubsub.topic.v1.messagePublished
providers/cloud.pubsub/eventTypes/topic.publish google.cloud.pubsub.topic.v1.messagePublished *
google.storage.object.finalize google.cloud.storage.object.v1.finalized
google.storage.object.delete google.cloud.storage.object.v1.deleted
google.storage.object.archive google.cloud.storage.object.v1.archived
google.storage.object.metadataUpdate google.cloud.storage.object.v1.metadataUpdated
providers/cloud.storage/eventTypes/object.change google.cloud.storage.object.v1.finalized *
providers/cloud.firestore/eventTypes/document.write google.cloud.firestore.document.v1.written
providers/cloud.firestore/eventTypes/document.create google.cloud.firestore.document.v1.created
providers/cloud.firestore/eventTypes/document.update google.cloud.firestore.document.v1.updated
providers/cloud.firestore/eventTypes/document.delete google.cloud.firestore.document.v1.deleted
providers/firebase.auth/eventTypes/user.create google.firebase.auth.user.v1.created
providers/firebase.auth/eventTypes/user.delete google.firebase.auth.user.v1.deleted
providers/google.firebase.analytics/eventTypes/event.log google.firebase.analytics.log.v1.written
providers/google.firebase.database/eventTypes/ref.create google.firebase.database.ref.v1.created
providers/google.firebase.database/eventTypes/ref.write google.firebase.database.ref.v1.written
providers/google.firebase.database/eventTypes/ref.update google.firebase.database.ref.v1.updated
providers/google.firebase.database/eventTypes/ref.delete google.firebase.database.ref.v1.deleted
providers/firebase.remoteConfig/remoteconfig.update \
google.firebase.remoteconfig.remoteConfig.v1.updated
"""
ROWS = [line.split() for line in TABLE_A.strip().splitlines()]


def test_table_a() -> None:
    """Every event type that is known."""
    assert {row[0]: row[1] for row in ROWS} == tables.CLOUD_EVENT_TYPES
    assert {row[1]: row[0] for row in ROWS if len(row) == 2} == tables.BACKGROUND_TYPES


@pytest.mark.parametrize("kind", tables.CLOUD_EVENT_TYPES)
def test_table_b_every_type_has_a_service(kind: str) -> None:
    assert sum(kind.startswith(start) for start in tables.SERVICES) == 1


@pytest.mark.parametrize(
    ("kind", "resource", "source", "subject"),
    [
        pytest.param(
            STORAGE,
            "projects/_/buckets/b/objects/folder/o.txt",
            "//storage.googleapis.com/projects/_/buckets/b",
            "objects/folder/o.txt",
            id="storage",
        ),
        pytest.param(
            STORAGE,
            {
                "service": "storage.googleapis.com",
                "type": "storage#object",
                "name": "projects/_/buckets/b/objects/o",
            },
            "//storage.googleapis.com/projects/_/buckets/b",
            "objects/o",
            id="storage-dict",
        ),
        pytest.param(
            "providers/cloud.storage/eventTypes/object.change",
            "projects/my-p/buckets/b/objects/o#15",
            "//storage.googleapis.com/projects/my-p/buckets/b",
            "objects/o",
            id="project-and-generation",
        ),
        pytest.param(
            STORAGE,
            "projects/_/buckets/b/objects/c#/no #1x",
            "//storage.googleapis.com/projects/_/buckets/b",
            "objects/c#/no #1x",
            id="hash-in-name",
        ),
        pytest.param(
            WRITE,
            "projects/p/databases/(default)/documents/users/u1",
            "//firestore.googleapis.com/projects/p/databases/(default)",
            "documents/users/u1",
            id="firestore",
        ),
        pytest.param(
            WRITE,
            "projects/p/databases/named/documents/u",
            "//firestore.googleapis.com/projects/p/databases/named",
            "documents/u",
            id="named-database",
        ),
        pytest.param(
            ANALYTICS,
            "projects/p/events/session_start",
            "//firebase.googleapis.com/projects/p",
            "events/session_start",
            id="analytics",
        ),
        pytest.param(
            AUTH,
            "projects/p",
            "//firebaseauth.googleapis.com/projects/p",
            None,
            id="auth",
        ),
        pytest.param(
            REMOTE_CONFIG,
            "projects/p",
            "//firebaseremoteconfig.googleapis.com/projects/p",
            None,
            id="remote-config",
        ),
        pytest.param(
            REMOTE_CONFIG,
            {"service": "rc.example", "name": "projects/p"},
            "//rc.example/projects/p",
            None,
            id="remote-config-service",
        ),
        pytest.param(
            STORAGE,
            {"service": "my.service", "name": "anything"},
            "//my.service/anything",
            None,
            id="table-B-any-service-is-taken",
        ),
        pytest.param(
            STORAGE,
            {"service": "", "name": "projects/_/buckets/b/objects/o"},
            "//storage.googleapis.com/projects/_/buckets/b",
            "objects/o",
            id="table-B-empty-service",
        ),
    ],
)
def test_source_and_subject(kind: str, resource: Any, source: str, subject: str | None) -> None:
    attributes, data = to_cloud_event(_event(kind, resource, {"a": 1}))
    assert attributes == {
        "specversion": "1.0",
        "id": "E",
        "type": tables.CLOUD_EVENT_TYPES[kind],
        "source": source,
        "time": TIME,
        "datacontenttype": "application/json",
        **({"subject": subject} if subject else {}),
    }
    assert data == {"a": 1}


@pytest.mark.parametrize(
    ("domain", "project", "location"),
    [
        ("firebaseio.com", "_", "us-central1"),
        ("europe-west1.firebasedatabase.app", "_", "europe-west1"),
        pytest.param("firebaseio.com", "my-p", "us-central1", id="any-project"),
    ],
)
def test_database(domain: str, project: str, location: str) -> None:
    event = _event(
        DATABASE, f"projects/{project}/instances/i/refs/a/b", {"delta": 1}, domain=domain
    )
    attributes, data = to_cloud_event(event)
    assert attributes["source"] == (
        f"//firebasedatabase.googleapis.com/projects/{project}/locations/{location}/instances/i"
    )
    assert attributes["subject"] == "refs/a/b"
    assert data == {"delta": 1}


@pytest.mark.parametrize(
    ("data", "expected", "subject"),
    [
        (
            {"uid": "u", "metadata": {"createdAt": 1, "lastSignedInAt": 2, "x": 3}},
            {"uid": "u", "metadata": {"createTime": 1, "lastSignInTime": 2, "x": 3}},
            "users/u",
        ),
        ({"uid": "u"}, {"uid": "u"}, "users/u"),
        ({"metadata": {}}, {"metadata": {}}, None),
        ({"metadata": None}, {"metadata": None}, None),
        ({"uid": 5, "metadata": "m"}, {"uid": 5, "metadata": "m"}, None),
        ("", "", None),
    ],
)
def test_auth(data: Any, expected: Any, subject: str | None) -> None:
    attributes, converted = to_cloud_event(_event(AUTH, "projects/p", data))
    assert converted == expected
    assert attributes.get("subject") == subject


def test_pubsub_message_is_wrapped_and_completed() -> None:
    attributes, data = to_cloud_event(_event(PUBLISH, "projects/p/topics/t", {"data": "eA=="}))
    assert attributes["source"] == "//pubsub.googleapis.com/projects/p/topics/t"
    assert "subject" not in attributes
    assert data == {"message": {"data": "eA==", "messageId": "E", "publishTime": TIME}}


def test_pubsub_message_keeps_its_own_id_and_time() -> None:
    original = {"messageId": "m", "publishTime": None}
    _, data = to_cloud_event(_event(PUBLISH, "projects/p/topics/t", original))
    assert data == {"message": {"messageId": "m", "publishTime": None}}
    assert original == {"messageId": "m", "publishTime": None}


def test_push_carries_the_ordering_key() -> None:
    message = {"messageId": "m", "publishTime": TIME, "orderingKey": "k"}
    event = background.decode({"subscription": "s", "message": message}, "/")
    attributes, data = to_cloud_event(event)
    assert attributes["source"] == "//pubsub.googleapis.com/"
    assert data == {
        "message": {
            "@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
            "attributes": {},
            **message,
        }
    }


@pytest.mark.parametrize("timestamp", ["", None])
def test_time_is_always_there(timestamp: Any) -> None:
    event = _event(AUTH, "projects/p")._replace(timestamp=timestamp)
    filled = datetime.fromisoformat(to_cloud_event(event)[0]["time"])
    assert abs(datetime.now(timezone.utc) - filled).total_seconds() < 60


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param(_event("unknown", "r"), "no CloudEvent type", id="unknown-type"),
        pytest.param(_event("", "r"), "event type must be text", id="no-type"),
        pytest.param(_event([], "r"), "event type must be text", id="type-array"),  # type: ignore[arg-type]
        pytest.param(_event(AUTH, None), "resource must be a name", id="resource-null"),
        pytest.param(_event(AUTH, {}), "resource must be a name", id="resource-without-name"),
        pytest.param(_event(AUTH, 5), "resource must be a name", id="resource-number"),
        pytest.param(_event(AUTH, {"name": 5}), "resource must be a name", id="name-number"),
        pytest.param(
            _event(AUTH, {"name": "n", "service": 5}), "must be text", id="service-number"
        ),
        pytest.param(
            _event(STORAGE, "projects/_/buckets/b"), "buckets/BUCKET", id="storage-no-fit"
        ),
        pytest.param(
            _event(STORAGE, "x/projects/_/buckets/b/objects/o"), "NAME", id="storage-part"
        ),
        pytest.param(_event(WRITE, "projects/p/documents/d"), "DATABASE", id="firestore-no-fit"),
        pytest.param(_event(ANALYTICS, "projects/p/events/e/f"), "EVENT", id="analytics-no-fit"),
        pytest.param(
            _event(DATABASE, "projects/_/refs/r", domain="firebaseio.com"),
            "INSTANCE",
            id="rtdb-no-fit",
        ),
        pytest.param(
            _event(DATABASE, "projects/_/instances/i/refs/r"), "needs 'domain'", id="rtdb-no-domain"
        ),
        pytest.param(
            _event(DATABASE, "projects/_/instances/i/refs/r", domain=5),
            "needs 'domain'",
            id="rtdb-domain-number",
        ),
        pytest.param(
            _event(DATABASE, "projects/_/instances/i/refs/r", domain=".app"),
            "needs 'domain'",
            id="rtdb-no-location",
        ),
        pytest.param(_event(PUBLISH, "r", "text"), "must be a JSON object", id="pubsub-text"),
        pytest.param(_event(PUBLISH, "r"), "must be a JSON object", id="pubsub-no-data"),
        pytest.param(_event(AUTH, "p")._replace(event_id=""), "event id must be", id="no-id"),
        pytest.param(_event(AUTH, "p")._replace(event_id=5), "event id must be", id="id-number"),
    ],
)
def test_what_has_no_other_form_is_refused(event: BackgroundEvent, reason: str) -> None:
    with pytest.raises(
        EventConversionException, match=f"^EventConversionException: .*{reason}"
    ) as caught:
        to_cloud_event(event)
    assert caught.value.http_status == 400
