"""Push subscriptions that unwrap their messages, with metadata in the header (Pub/Sub's docs)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import PubSubMessage  # noqa: TC001 - read at run time
from functions_framework.model.function import Signature
from support import background_calls, cloud_event_calls
from support.in_memory import EVENT_HOSTS, serve
from support.served_source import served

if TYPE_CHECKING:
    from pathlib import Path

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)

TIME = "2026-01-02T03:04:05.678Z"
SUBSCRIPTION = "projects/p/subscriptions/s"
PATH = "/projects/p/topics/t"
FIELDS = {
    "x-goog-pubsub-subscription-name": SUBSCRIPTION,
    "x-goog-pubsub-message-id": "2070443601311540",
    "x-goog-pubsub-publish-time": TIME,
    "x-goog-pubsub-ordering-key": "some-key",
}
BODIES = [
    b'{"status": "Hello there"}', b'{"eventType": "paid", "eventId": 7}', b'{"message": "x"}',
    b"Hello", b"[1]", b"17", b"null", b"\xff\x00", b'{"a"', "ünï".encode(),
    b'{"specversion": "1.0", "id": "1"}',
]  # fmt: skip
TYPES = ["application/json", "text/plain", None]


def fields(content_type: str | None, **more: str) -> dict[str, str]:
    return {**FIELDS, **({"content-type": content_type} if content_type else {}), **more}


@every_host
@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("body", BODIES)
def test_a_cloud_event_function_gets_the_message(
    host: str, body: bytes, content_type: str | None
) -> None:
    event = cloud_event_calls.taken(host, body, fields(content_type), PATH)
    assert (event["id"], event["time"]) == (FIELDS["x-goog-pubsub-message-id"], TIME)
    assert event["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
    assert event["source"] == f"//pubsub.googleapis.com{PATH}"
    message = event.data["message"]
    assert base64.b64decode(message["data"]) == body
    assert (message["messageId"], message["orderingKey"]) == (event["id"], "some-key")


@every_host
@pytest.mark.parametrize("content_type", TYPES)
@pytest.mark.parametrize("body", BODIES)
def test_a_background_function_gets_the_message(
    host: str, body: bytes, content_type: str | None
) -> None:
    answer, call = background_calls.send(host, body, fields(content_type), PATH)
    assert answer.status == 200
    assert call is not None
    assert base64.b64decode(call.data["data"]) == body
    assert (call.event_id, call.timestamp) == (FIELDS["x-goog-pubsub-message-id"], TIME)
    assert call.event_type == "google.pubsub.topic.publish"
    assert call.resource["name"] == PATH[1:]


@every_host
def test_a_type_is_decoded(host: str) -> None:
    found: list[Any] = []

    def on_message(message: PubSubMessage[dict[str, str]]) -> None:
        found.append((message.json, message.subscription, message.ordering_key, message.text))

    send = serve(host, on_message, Signature.CLOUDEVENT)
    assert send("POST", PATH, fields("application/json"), BODIES[0]).status == 200
    assert found == [({"status": "Hello there"}, SUBSCRIPTION, "some-key", BODIES[0].decode())]


@every_host
def test_a_message_without_data(host: str) -> None:
    message = cloud_event_calls.taken(host, b"", fields(None), PATH).data["message"]
    assert "data" not in message
    _, call = background_calls.send(host, b"", fields(None), PATH)
    assert call is not None
    assert "data" not in call.data


OWN = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order", "data": {"order": 17}}
BESIDE = {f"ce-{name}": str(OWN[name]) for name in ("specversion", "id", "source", "type")}


@every_host
@pytest.mark.parametrize(
    ("body", "more"),
    [(json.dumps(OWN).encode(), {}), (b'{"order": 17}', BESIDE)],
    ids=["structured", "binary"],
)
def test_a_message_that_is_a_cloud_event_is_that_one(host: str, body: bytes, more: Any) -> None:
    event = cloud_event_calls.taken(host, body, fields("application/json", **more), PATH)
    assert (event["id"], event["type"], event.data) == ("7", "order", {"order": 17})


WRAPPED = {"subscription": SUBSCRIPTION, "message": {"messageId": "m", "data": "eA=="}}


@every_host
def test_what_is_wrapped_counts_as_it_is(host: str) -> None:
    given = fields("application/json")
    event = cloud_event_calls.taken(host, WRAPPED, given, PATH)
    assert (event["id"], event.data["message"]["data"]) == ("m", "eA==")
    _, call = background_calls.send(host, WRAPPED, given, PATH)
    assert call is not None
    assert (call.event_id, call.data["data"]) == ("m", "eA==")
    context = {"eventId": "E", "eventType": "t", "resource": "r", "timestamp": "T"}
    _, call = background_calls.send(host, {"context": context, "data": 1}, given, PATH)
    assert call is not None
    assert (call.event_id, call.data) == ("E", 1)


@every_host
@pytest.mark.parametrize("body", [b"Hello", b'{"id": "1"}', b"[1]"])
def test_a_body_that_is_declared_as_an_event_must_be_one(host: str, body: bytes) -> None:
    given = fields("application/cloudevents+json")
    answer, event = cloud_event_calls.send(host, body, given, PATH)
    assert (answer.status, event) == (400, None)
    answer, call = background_calls.send(host, body, given, PATH)
    assert (answer.status, call) == (400, None)


@every_host
def test_a_binary_event_that_is_malformed_is_refused(host: str) -> None:
    given = fields("application/json", **BESIDE)
    answer, event = cloud_event_calls.send(host, b"Hello", given, PATH)
    assert (answer.status, event) == (400, None)


def test_over_a_real_server(tmp_path: Path) -> None:
    text = """
import functions_framework
from functions_framework import PubSubMessage  # noqa: TC001 - read at run time

@functions_framework.cloud_event(reply_type="got")
{0}def on_message(message: PubSubMessage):
    return [message.text, message.subscription]
"""
    for word in ("", "async "):
        with served(tmp_path, text.format(word)) as (_, client):
            answer = client.post(PATH, headers=fields(None), content=b"Hello")
            assert (answer.status_code, answer.json()) == (200, ["Hello", SUBSCRIPTION])
