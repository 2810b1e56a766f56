"""The `event` signature: which interpretation is chosen and what is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from functions_framework.model.message import Message, Reply
from functions_framework.signatures.event import EventSignature
from google.cloud.functions_v1.context import Context
from support.event_messages import EVENT, binary, posted, structured

PUBSUB = "google.cloud.pubsub.topic.v1.messagePublished"
STORAGE = "google.cloud.storage.object.v1.finalized"
DOCUMENT = "google.cloud.firestore.document.v1.written"
TOPIC = "//pubsub.googleapis.com/projects/p/topics/t"
TIME = EVENT["time"]


def decode(message: Message) -> tuple[Any, tuple[Any, ...]]:
    data, context = EventSignature().decode(message)
    assert type(context) is Context
    return data, (context.event_id, context.timestamp, context.event_type, context.resource)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            posted(
                {
                    "context": {
                        "eventId": "e",
                        "timestamp": "t",
                        "eventType": "y",
                        "resource": "r",
                    },
                    "data": {"a": 1},
                }
            ),
            ({"a": 1}, ("e", "t", "y", "r")),
            id="4.5-nested",
        ),
        pytest.param(
            posted(
                {"eventId": "e", "timestamp": "t", "eventType": "y", "resource": "r", "data": 1}
            ),
            (1, ("e", "t", "y", "r")),
            id="4.5-flat",
        ),
        pytest.param(posted({"eventId": "e"}), ("", ("e", "", "", "")), id="no-data"),
        pytest.param(
            posted({"eventId": "e", "data": 1}, content_type="application/vnd.x+json; a=b"),
            (1, ("e", "", "", "")),
            id="4.2-plus-json",
        ),
        pytest.param(
            binary(b'{"message":{"data":"x","messageId":"m"}}', type=PUBSUB, source=TOPIC),
            (
                {"data": "x"},
                (
                    "1",
                    TIME,
                    "google.pubsub.topic.publish",
                    {
                        "service": "pubsub.googleapis.com",
                        "name": "projects/p/topics/t",
                        "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
                    },
                ),
            ),
            id="4.2-convertible-binary",
        ),
        pytest.param(
            binary(b"[1]", type=PUBSUB, source="//pubsub.googleapis.com/n", specversion="0.3"),
            (
                [1],
                (
                    "1",
                    TIME,
                    "google.pubsub.topic.publish",
                    {
                        "service": "pubsub.googleapis.com",
                        "name": "n",
                        "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
                    },
                ),
            ),
            id="4.5-array-and-version-0.3",
        ),
        pytest.param(
            binary(
                b"\x08\x01",
                "application/protobuf",
                type=DOCUMENT,
                subject="documents/a",
                source="//firestore.googleapis.com/projects/p/databases/d",
            ),
            (
                b"\x08\x01",
                (
                    "1",
                    TIME,
                    "providers/cloud.firestore/eventTypes/document.write",
                    "projects/p/databases/d/documents/a",
                ),
            ),
            id="5.6-protobuf",
        ),
        pytest.param(
            binary(b'{"a":1}'),
            (b'{"a":1}', ("1", TIME, "t", "//s/a")),
            id="unknown-type-keeps-bytes",
        ),
        pytest.param(
            binary(b"", type="a%20b", specversion="9"),
            (b"", ("1", TIME, "a b", "//s/a")),
            id="unknown-type-is-not-checked",
        ),
        pytest.param(
            binary(b"x", eventid="e", timestamp="ts", eventtype="et", resource="r"),
            (b"x", ("e", "ts", "et", "r")),
            id="event-headers-first",
        ),
        pytest.param(
            structured({"type": PUBSUB, "source": TOPIC, "data": {"message": {"data": "x"}}}),
            (
                {"data": "x"},
                (
                    "1",
                    TIME,
                    "google.pubsub.topic.publish",
                    {
                        "service": "pubsub.googleapis.com",
                        "name": "projects/p/topics/t",
                        "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
                    },
                ),
            ),
            id="structured",
        ),
        pytest.param(
            structured({"data": {"a": 1}}),
            ({"a": 1}, ("1", TIME, "t", "//s/a")),
            id="unknown-type",
        ),
        pytest.param(
            structured({"data": {"a": 1}}, "application/json"),
            ({"a": 1}, ("1", TIME, "t", "//s/a")),
            id="structured-as-json",
        ),
        pytest.param(
            posted({"eventId": "e", "data": 1}, content_type="application/cloudevents+json"),
            (1, ("e", "", "", "")),
            id="background-event-sent-as-structured",
        ),
        pytest.param(
            posted({**EVENT, "context": {"eventId": "e"}, "data": 1}),
            (1, ("e", "", "", "")),
            id="4.2-context-decides",
        ),
    ],
)
def test_interpretation(message: Message, expected: tuple[Any, tuple[Any, ...]]) -> None:
    assert decode(message) == expected


def test_push() -> None:
    payload = {
        "subscription": "s",
        "message": {"messageId": "m", "publishTime": "P", "data": "eA=="},
    }
    data, context = decode(posted(payload, "/projects/p/topics/t"))
    kind = "type.googleapis.com/google.pubsub.v1.PubsubMessage"
    assert data == {"@type": kind, "data": "eA==", "attributes": {}}
    resource = {"service": "pubsub.googleapis.com", "type": kind, "name": "projects/p/topics/t"}
    assert context == ("m", "P", "google.pubsub.topic.publish", resource)


def test_push_with_attributes_only() -> None:
    payload = {"subscription": "s", "message": {"messageId": "m", "attributes": {"a": "b"}}}
    data, context = decode(posted(payload))
    assert data["attributes"] == {"a": "b"}
    assert "data" not in data
    assert context[0] == "m"


@pytest.mark.parametrize("kind", [PUBSUB, "t"])
def test_missing_time_is_the_time_of_receipt(kind: str) -> None:
    _, context = decode(binary(b'{"message":{}}', type=kind, source=TOPIC, time=None))
    assert datetime.fromisoformat(context[1]).tzinfo is not None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(posted(b""), "empty", id="4.5-empty"),
        pytest.param(posted(b"{"), "not JSON", id="4.5-malformed"),
        pytest.param(posted(b"\xff"), "UTF-8", id="not-utf-8"),
        pytest.param(posted(b"[" * 100_000), "nested too deeply", id="bomb"),
        pytest.param(posted({}), "an empty object", id="4.5-empty-object"),
        pytest.param(posted([1]), "an array", id="array"),
        pytest.param(posted("abc"), "a single value", id="string"),
        pytest.param(posted({"context": "str"}), "'context' is not", id="context-string"),
        pytest.param(
            posted({"subscription": "s", "message": None}), "'message' is not", id="push-null"
        ),
        pytest.param(
            binary(b"{}", type=STORAGE, source="storage"), "source must look like", id="5.6-source"
        ),
        pytest.param(
            binary(b"[]", type=STORAGE, source="//storage.googleapis.com/b", subject="o"),
            "must be a JSON object",
            id="5.6-no-object",
        ),
        pytest.param(
            binary(b"{}", type=DOCUMENT, source="//firestore.googleapis.com/d"),
            "needs a subject",
            id="5.6-no-subject",
        ),
        pytest.param(
            binary(b"text", "text/plain", type=PUBSUB, source=TOPIC), "'message'", id="5.6-text"
        ),
        pytest.param(binary(b"", type=PUBSUB, source=TOPIC), "'message'", id="5.6-empty"),
        pytest.param(binary(b"{", type=PUBSUB, source=TOPIC), "not JSON", id="malformed"),
        pytest.param(
            binary(b"{}", type=PUBSUB, source=TOPIC, specversion="9"),
            "InvalidRequiredFields",
            id="version",
        ),
        pytest.param(binary(b"x", type=PUBSUB, id=""), "InvalidRequiredFields", id="empty-id"),
        pytest.param(binary(b"x", type="%FF"), "ce-type header", id="bad-header"),
        pytest.param(
            binary(b"x", "text/plain", id=None), "no header ce-id", id="some-headers-text"
        ),
        pytest.param(structured(without=("id",)), "MissingRequiredFields", id="missing"),
        pytest.param(structured({"id": None}), "MissingRequiredFields", id="null"),
        pytest.param(
            posted(b"garbage", content_type="application/cloudevents+json"),
            "not JSON",
            id="garbage",
        ),
        pytest.param(structured({"data": 1, "data_base64": "AQ=="}), "both data", id="both"),
    ],
)
def test_refusals_are_400_in_one_line(message: Message, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason) as caught:
        decode(message)
    assert caught.value.http_status == 400
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "image/png",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/cloudevents+avro",
        "application/cloudevents-batch+avro",
    ],
)
def test_types_that_cannot_be_an_event_are_415(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType) as caught:
        decode(posted({"eventId": "e"}, content_type=content_type))
    assert caught.value.http_status == 415
    assert "application/json" in str(caught.value) or "Batches are accepted as JSON" in str(
        caught.value
    )


def test_reply_and_methods() -> None:
    signature = EventSignature()
    html = ("content-type", "text/html; charset=utf-8")
    assert signature.encode({"ignored": 1}) == Reply(200, [html], b"OK")
    assert signature.methods == {"POST"}
