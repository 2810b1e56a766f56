"""The `cloudevent` signature: which interpretation is chosen and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework.exceptions import (
    EventConversionException,
    MalformedRequest,
    RequestRefused,
    UnsupportedMediaType,
)
from functions_framework.model.function import Function
from functions_framework.model.message import Message, Reply
from functions_framework.signatures.cloud_event import CloudEventSignature
from support.event_messages import EVENT, binary, posted, structured, suite_file

FUNCTION = Function(print, "function")
decode = CloudEventSignature(FUNCTION).decode
STORAGE = suite_file("storage-legacy-input.json")
PUSH = {"subscription": "s", "message": {"messageId": "m", "publishTime": "P", "data": "eA=="}}


@pytest.mark.parametrize("message", [binary(b'{"a":1}'), structured({"data": {"a": 1}})])
def test_cloud_events(message: Message) -> None:
    (event,) = decode(message)
    assert (event["id"], event.data) == ("1", {"a": 1})


def test_background_event_is_converted() -> None:
    (event,) = decode(posted(STORAGE))
    assert event["type"] == "google.cloud.storage.object.v1.finalized"
    assert event.data == STORAGE["data"]


def test_push_is_converted_with_the_topic_of_the_path() -> None:
    (event,) = decode(posted(PUSH, "/projects/p/topics/t"))
    assert event["source"] == "//pubsub.googleapis.com/projects/p/topics/t"
    assert event.data["message"]["data"] == "eA=="


def test_push_with_attributes_only() -> None:
    message = {"messageId": "m", "publishTime": "P", "attributes": {"a": "b"}}
    (event,) = decode(posted({"subscription": "s", "message": message}))
    assert "data" not in event.data["message"]
    assert event.data["message"]["attributes"] == {"a": "b"}


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/vnd.x+json"]
)
def test_background_events_of_any_json_type(content_type: str) -> None:
    assert decode(posted(STORAGE, content_type=content_type))[0]["id"]


def test_a_cloud_event_comes_first() -> None:
    (event,) = decode(structured({"context": {"eventId": "e"}, "eventType": "x"}))
    assert event["id"] == EVENT["id"]


def test_unsupported_version_with_a_background_body_is_converted() -> None:
    """Tried when the version is unsupported, too."""
    for message in (
        binary(posted(STORAGE).body, specversion="9"),
        posted({**EVENT, **STORAGE, "specversion": "9"}),
    ):
        assert decode(message)[0]["id"] == STORAGE["context"]["eventId"]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        pytest.param(binary(b"{}", specversion="9"), "^InvalidRequiredFields", id="version"),
        pytest.param(binary(b"", specversion="9"), "^InvalidRequiredFields", id="version-no-body"),
        pytest.param(binary(b"{}", id=None), "^MissingRequiredFields", id="no-id"),
        pytest.param(structured(without=("source",)), "^MissingRequiredFields", id="no-source"),
        pytest.param(posted({"a": 1}), "^MissingRequiredFields", id="other-object"),
        pytest.param(posted(b""), "^MissingRequiredFields", id="empty-body"),
        pytest.param(posted(b"\xff"), "^MissingRequiredFields", id="not-utf-8"),
        pytest.param(posted(b"x", content_type="image/png"), "^MissingRequiredFields", id="image"),
        pytest.param(posted(b"a=b", content_type=None), "^MissingRequiredFields", id="no-type"),
        pytest.param(
            posted(STORAGE, content_type="text/plain"),
            "^MissingRequiredFields",
            id="text-background",
        ),
        pytest.param(posted([]), "one JSON object", id="empty-array"),
        pytest.param(posted([EVENT]), "one JSON object", id="array"),
        pytest.param(posted("text"), "one JSON object", id="string"),
        pytest.param(
            posted({"eventId": "e", "eventType": "unknown"}),
            "^EventConversionException",
            id="unknown-type",
        ),
        pytest.param(posted({"context": "x"}), "'context' is not", id="context-string"),
        pytest.param(posted({**PUSH, "message": None}), "'message' is not", id="push-null"),
    ],
)
def test_refusals_are_400_in_one_line(message: Message, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason) as caught:
        decode(message)
    assert caught.value.http_status == 400
    assert "\n" not in str(caught.value)


def test_a_batch_is_415() -> None:
    with pytest.raises(UnsupportedMediaType, match="Batches"):
        decode(posted([EVENT], content_type="application/cloudevents-batch+json"))


@pytest.mark.parametrize(
    "message",
    [
        binary(b'{"card": "4111"}', authorization="Bearer hush", specversion="hush"),
        posted({"card": "hush", "eventType": "hush"}),
        posted(b'{"card": hush}'),
        structured({"id": "", "secret": "hush", "data_base64": "hush"}),
    ],
)
def test_nothing_of_the_request_is_sent_back(message: Message) -> None:
    with pytest.raises(RequestRefused) as caught:
        decode(message)
    assert "hush" not in str(caught.value)
    assert "4111" not in str(caught.value)


def test_a_conversion_fault_is_the_sender_s() -> None:
    with pytest.raises(EventConversionException, match="no CloudEvent type"):
        decode(posted({"context": {"eventType": "x", "eventId": "e"}}))


@pytest.mark.parametrize("result", [None, "text", {"a": 1}, object()])
def test_the_result_is_not_sent(result: Any) -> None:
    reply = CloudEventSignature(FUNCTION).encode(result)
    assert reply == Reply(200, [("content-type", "text/html; charset=utf-8")], b"OK")


def test_methods() -> None:
    assert CloudEventSignature.methods == {"POST"}
