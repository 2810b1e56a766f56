"""The names of 3.10 that outsiders use to convert events."""

from __future__ import annotations

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from functions_framework.background_event import BackgroundEvent
from functions_framework.event_conversion import (
    background_event_to_cloud_event,
    cloud_event_to_background_event,
    is_convertable_cloud_event,
    marshal_background_event_data,
)
from functions_framework.exceptions import EventConversionException
from google.cloud.functions_v1.context import Context
from support.event_messages import EVENT, posted, suite_file

PUBSUB = "google.cloud.pubsub.topic.v1.messagePublished"
PUSH = {"subscription": "s", "message": {"messageId": "m", "publishTime": "P", "data": "eA=="}}


def _request(
    body: bytes, path: str = "/", headers: dict[str, str] | None = None, **attributes: str
) -> Request:
    named = {f"Ce-{name.title()}": value for name, value in attributes.items()}
    builder = EnvironBuilder(
        method="POST",
        path=path,
        data=body,
        headers=list({**named, **(headers or {"Content-Type": "application/json"})}.items()),
    )
    return Request(builder.get_environ())


def test_background_event_to_cloud_event() -> None:
    event = background_event_to_cloud_event(
        _request(posted(suite_file("storage-legacy-input.json")).body)
    )
    expected = suite_file("storage-cloudevent-output.json")
    assert {**event.get_attributes(), "data": event.data} == expected


def test_push_takes_the_topic_from_the_path() -> None:
    event = background_event_to_cloud_event(_request(posted(PUSH).body, "/projects/p/topics/t"))
    assert event["source"] == "//pubsub.googleapis.com/projects/p/topics/t"


def test_cloud_event_to_background_event() -> None:
    request = _request(
        b'{"message": {"data": "x"}}',
        **{**EVENT, "type": PUBSUB, "source": "//pubsub.googleapis.com/projects/p/topics/t"},
    )
    assert is_convertable_cloud_event(request)
    data, context = cloud_event_to_background_event(request)
    assert data == {"data": "x"}
    assert isinstance(context, Context)
    assert (context.event_id, context.event_type) == ("1", "google.pubsub.topic.publish")


@pytest.mark.parametrize(
    "request_",
    [
        _request(b"{}", **EVENT),
        _request(b"{}"),
        _request(b"[]", headers={"Content-Type": "application/cloudevents-batch+json"}),
        _request(b"{}", **{**EVENT, "type": "%FF"}),
    ],
    ids=["unknown-type", "no-headers", "batch", "bad-header"],
)
def test_what_is_not_convertable(request_: Request) -> None:
    assert not is_convertable_cloud_event(request_)
    with pytest.raises(EventConversionException):
        cloud_event_to_background_event(request_)


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b'{"eventType": "x"}'])
def test_background_conversion_fails_with_its_own_exception(body: bytes) -> None:
    with pytest.raises(EventConversionException):
        background_event_to_cloud_event(_request(body))


def test_marshal_background_event_data() -> None:
    assert marshal_background_event_data(_request(b'{"context": {}, "data": 1}')) == {
        "context": {},
        "data": 1,
    }
    pushed = marshal_background_event_data(_request(posted(PUSH).body, "/projects/p/topics/t"))
    assert pushed["context"]["eventId"] == "m"
    assert pushed["context"]["resource"]["name"] == "projects/p/topics/t"
    assert pushed["data"]["data"] == "eA=="


def test_background_event_class() -> None:
    nested = BackgroundEvent({"a": 1}, {"eventId": "e", "unknown": 1})
    flat = BackgroundEvent(data={"a": 1}, eventId="e", eventType="y", params={})
    assert nested.data == flat.data == {"a": 1}
    assert isinstance(nested.context, Context)
    assert nested.context.event_id == flat.context.event_id == "e"
    assert flat.context.event_type == "y"
    assert BackgroundEvent().data == ""
