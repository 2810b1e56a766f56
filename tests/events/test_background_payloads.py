"""Background events and Pub/Sub pushes as JSON payloads."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from functions_framework.events.background import BackgroundEvent, decode, is_background, is_push
from functions_framework.exceptions import MalformedRequest
from google.cloud.functions_v1.context import Context

MESSAGE = {"data": "eA==", "messageId": "m", "publishTime": "P", "attributes": {"a": "b"}}
PUBSUB = "type.googleapis.com/google.pubsub.v1.PubsubMessage"


def _push(**changes: Any) -> dict[str, Any]:
    message = {key: value for key, value in {**MESSAGE, **changes}.items() if value != "gone"}
    return {"subscription": "projects/p/subscriptions/s", "message": message}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(
            {
                "context": {"eventId": "e", "timestamp": "t", "eventType": "et", "resource": "r"},
                "data": {"a": 1},
            },
            ({"a": 1}, "e", "t", "et", "r"),
            id="nested",
        ),
        pytest.param(
            {
                "eventId": "e",
                "timestamp": "t",
                "eventType": "et",
                "resource": {"name": "n"},
                "data": {"a": 1},
                "params": {},
                "auth": {},
                "notSupported": {},
                "self": 1,
            },
            ({"a": 1}, "e", "t", "et", {"name": "n"}),
            id="flat",
        ),
        pytest.param({"context": {"eventId": "e"}, "data": 1}, (1, "e", "", "", ""), id="defaults"),
        pytest.param(
            {"context": None, "eventId": "e", "data": 1}, (1, "e", "", "", ""), id="null-context"
        ),
        pytest.param({"eventId": "e"}, ("", "e", "", "", ""), id="no-data"),
        pytest.param({"eventId": "e", "data": None}, (None, "e", "", "", ""), id="null-data"),
        pytest.param({"foo": 1}, ("", "", "", "", ""), id="unknown-keys-only"),
        pytest.param(
            {"context": {"eventId": "e", "foo": 1, "event_id": 2, "self": 3}, "data": 1},
            (1, "e", "", "", ""),
            id="unknown-context-keys",
        ),
    ],
)
def test_shapes(payload: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert decode(payload) == BackgroundEvent(*expected)


def test_domain_stands_beside_context() -> None:
    assert decode({"context": {"eventId": "e"}, "domain": "d"}).domain == "d"
    assert decode({"context": {"eventId": "e", "domain": "d"}}).domain is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param({}, "an empty object", id="empty-object"),
        pytest.param([], "an array", id="empty-array"),
        pytest.param([1], "an array", id="array"),
        pytest.param(None, "a single value", id="null"),
        pytest.param("abc", "a single value", id="string"),
        pytest.param(5, "a single value", id="number"),
        pytest.param(False, "a single value", id="false"),
        pytest.param({"context": "str"}, "'context' is not a JSON object", id="context-string"),
        pytest.param({"context": [1]}, "'context' is not a JSON object", id="context-array"),
        pytest.param({**_push(), "message": None}, "'message' is not", id="push-null"),
        pytest.param({**_push(), "message": "m"}, "'message' is not", id="push-string"),
        pytest.param(_push(messageId="gone"), "no 'messageId'", id="push-without-id"),
    ],
)
def test_other_values_are_refused(payload: Any, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        decode(payload)


def test_push() -> None:
    event = decode(_push(), "/projects/p/topics/t")
    assert event == BackgroundEvent(
        {"@type": PUBSUB, "data": "eA==", "attributes": {"a": "b"}},
        "m",
        "P",
        "google.pubsub.topic.publish",
        {"service": "pubsub.googleapis.com", "type": PUBSUB, "name": "projects/p/topics/t"},
    )


@pytest.mark.parametrize(
    ("path", "topic"),
    [
        ("/", ""),
        ("/x/projects/p/topics/t/y", "projects/p/topics/t"),
        ("/projects/p/topics/", ""),
        ("/projects/p/topics/t?x", "projects/p/topics/t"),
        ("/projects/a/topics/b/projects/c/topics/d", "projects/a/topics/b"),
        ("/projects/p/subscriptions/s", ""),
    ],
)
def test_push_topic_is_found_in_the_path(path: str, topic: str) -> None:
    assert decode(_push(), path).resource["name"] == topic


@pytest.mark.parametrize(
    ("changes", "data"),
    [
        ({"data": "gone"}, {"@type": PUBSUB, "attributes": {"a": "b"}}),
        ({"data": "gone", "attributes": "gone"}, {"@type": PUBSUB, "attributes": {}}),
        ({"attributes": None}, {"@type": PUBSUB, "data": "eA==", "attributes": None}),
        (
            {"deliveryAttempt": 1, "message_id": "m"},
            {"@type": PUBSUB, "data": "eA==", "attributes": {"a": "b"}},
        ),
    ],
    ids=["attributes-only", "nothing", "null-attributes", "other-members-dropped"],
)
def test_push_data(changes: dict[str, Any], data: dict[str, Any]) -> None:
    assert decode(_push(**changes)).data == data


def test_push_keeps_the_ordering_key_out_of_the_data() -> None:
    event = decode(_push(orderingKey="k"))
    assert event.ordering_key == "k"
    assert "orderingKey" not in event.data


def test_push_without_publish_time_gets_the_time_of_receipt() -> None:
    before = datetime.now(timezone.utc)
    timestamp = decode(_push(publishTime="gone")).timestamp
    assert timestamp.endswith("Z")
    assert "." in timestamp
    filled = datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
    assert before <= filled <= datetime.now(timezone.utc)


def test_push_with_null_publish_time_keeps_it() -> None:
    assert decode(_push(publishTime=None)).timestamp is None


@pytest.mark.parametrize(
    ("payload", "push", "background"),
    [
        (_push(), True, True),
        ({**_push(), "context": {}}, False, False),
        ({"message": {}}, False, False),
        ({"eventType": "t"}, False, True),
        ({"eventId": "e"}, False, True),
        ({"context": {"eventId": "e"}}, False, True),
        ({"data": 1}, False, False),
    ],
)
def test_recognition(payload: dict[str, Any], push: bool, background: bool) -> None:
    assert (is_push(payload), is_background(payload)) == (push, background)


def test_context_is_the_public_class() -> None:
    context = BackgroundEvent(1, "e", "t", "et", "r").context()
    assert type(context) is Context
    assert vars(context) == {
        "event_id": "e",
        "timestamp": "t",
        "event_type": "et",
        "resource": "r",
    }
