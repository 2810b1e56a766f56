"""Events that Eventarc pushes as messages, as their attributes fit into no header field."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from functions_framework import FirestoreChange  # noqa: TC001 - read at run time
from functions_framework.model.function import Signature
from support import background_calls, cloud_event_calls
from support.in_memory import EVENT_HOSTS, serve

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)

JSON = {"content-type": "application/json"}
DATABASE = "projects/p/databases/(default)"
NAME = "documents/rooms/Test Document "
WRITTEN = "google.cloud.firestore.document.v1.written"
ATTRIBUTES = {
    "ce-id": "E",
    "ce-source": f"//firestore.googleapis.com/{DATABASE}",
    "ce-specversion": "1.0",
    "ce-type": WRITTEN,
    "ce-time": "2026-01-02T03:04:05Z",
    "ce-subject": NAME,
    "ce-document": "rooms/Test Document ",
    "content-type": "application/json",
}
DATA = b'{"value": {"name": "projects/p/databases/(default)/documents/rooms/Test Document "}}'
EVENTARC = "projects/p/subscriptions/eventarc-us-central1-on-room-1234-sub-072"


def pushed(
    data: Any = DATA, subscription: Any = EVENTARC, **attributes: str | None
) -> dict[str, Any]:
    given = {**ATTRIBUTES, **{f"ce-{name}": value for name, value in attributes.items()}}
    message = {
        "messageId": "M",
        "publishTime": "2026-01-02T03:04:06Z",
        "data": base64.b64encode(data).decode() if isinstance(data, bytes) else data,
        "attributes": {name: value for name, value in given.items() if value is not None},
    }
    return {"subscription": subscription, "message": message}


@every_host
def test_a_cloud_event_function_gets_the_event(host: str) -> None:
    event = cloud_event_calls.taken(host, pushed(), JSON)
    expected = {name[3:]: value for name, value in ATTRIBUTES.items() if name.startswith("ce-")}
    assert event.get_attributes() == {**expected, "datacontenttype": "application/json"}
    assert event.data["value"]["name"] == f"{DATABASE}/{NAME}"


@every_host
def test_data_of_another_type_stays_bytes(host: str) -> None:
    payload = pushed(b"\x0a\x00")
    payload["message"]["attributes"]["content-type"] = "application/protobuf"
    event = cloud_event_calls.taken(host, payload, JSON)
    assert (event["datacontenttype"], event.data) == ("application/protobuf", b"\x0a\x00")


@every_host
def test_a_background_function_gets_the_event(host: str) -> None:
    answer, call = background_calls.send(host, pushed(), JSON)
    assert answer.status == 200
    assert call is not None
    assert (call.event_id, call.resource) == ("E", f"{DATABASE}/{NAME}")
    assert call.event_type == "providers/cloud.firestore/eventTypes/document.write"
    assert "value" in call.data


@every_host
def test_a_background_function_gets_an_event_of_another_type(host: str) -> None:
    _, call = background_calls.send(host, pushed(b'{"a": 1}', type="com.example"), JSON)
    assert call is not None
    assert (call.data, call.event_type) == ({"a": 1}, "com.example")


@every_host
def test_a_type_is_decoded(host: str) -> None:
    found: list[str] = []

    def on_change(change: FirestoreChange) -> None:
        found.append(change.path)

    send = serve(host, on_change, Signature.CLOUDEVENT)
    assert send("POST", "/", JSON, json.dumps(pushed()).encode()).status == 200
    assert found == ["rooms/Test Document "]


MESSAGES = {
    "another subscription": pushed(subscription="projects/p/subscriptions/orders-push"),
    "a subscription that isn't text": pushed(subscription=7),
    "an attribute is missing": pushed(source=None),
    "an attribute is empty": pushed(id=""),
    "data that isn't base64": pushed("x"),
}


@every_host
@pytest.mark.parametrize("payload", MESSAGES.values(), ids=MESSAGES)
def test_any_other_message_is_a_message(host: str, payload: Any) -> None:
    event = cloud_event_calls.taken(host, payload, JSON, "/projects/p/topics/t")
    assert event["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert event.data["message"]["data"] == payload["message"]["data"]
    _, call = background_calls.send(host, payload, JSON, "/projects/p/topics/t")
    assert call is not None
    assert (call.event_id, call.event_type) == ("M", "google.pubsub.topic.publish")


@every_host
@pytest.mark.parametrize("attributes", [None, [], "x", {"ce-id": 1}])
def test_attributes_that_are_none_do_no_harm(host: str, attributes: Any) -> None:
    payload = pushed()
    payload["message"]["attributes"] = attributes
    event = cloud_event_calls.taken(host, payload, JSON)
    assert event.data["message"]["attributes"] == attributes
