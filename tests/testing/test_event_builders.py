"""Builders make events that functions take; their arguments are in them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import testing
from functions_framework.testing import Client

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

GOT: list[Any] = []


@functions_framework.cloud_event
def on_event(event: CloudEvent) -> None:
    GOT.append(event)


@functions_framework.event
def on_background(data: Any, context: Any) -> None:
    GOT.append((data, context))


def received(event: Any) -> CloudEvent:
    GOT.clear()
    assert Client(on_event).send(event).status == 200
    found: CloudEvent = GOT[0]
    return found


KAFKA = "/apis/v1/namespaces/default/kafkasources/kafka-source#orders"
TOPIC = "//pubsub.googleapis.com/projects/my-project/topics/t"
BUILDERS = [
    (testing.cloud_event("a.b", {"x": 1}, subject="s"), "subject", "s"),
    (testing.cloud_event("a.b", b"raw"), "type", "a.b"),
    (testing.sample_event("kafka", topic="orders"), "source", KAFKA),
    (testing.pubsub_message(topic="t"), "source", TOPIC),
    (testing.storage_event("b", "n", "deleted"), "type", "google.cloud.storage.object.v1.deleted"),
    (testing.storage_event("b", "n", "metadata-updated"), "subject", "objects/n"),
    (testing.firestore_event("c/d", "created"), "subject", "documents/c/d"),
    (testing.auth_event("deleted", uid="u"), "subject", "users/u"),
    (testing.database_event("a/b", "updated"), "subject", "refs/a/b"),
    (testing.audit_log_event(service="s.example.com"), "servicename", "s.example.com"),
    (testing.kafka_event({"a": 1}, "orders", key="k"), "key", "k"),
    (testing.scheduler_event([1], id="7"), "id", "7"),
    (testing.event_grid_event(blob="b"), "type", "Microsoft.Storage.BlobCreated"),
    (testing.github_event(owner="o"), "source", "https://api.github.com/repos/o/octo-repo"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "attribute", "value"), BUILDERS)
def test_builders(event: CloudEvent, attribute: str, value: str) -> None:
    assert received(event)[attribute] == value


@pytest.mark.parametrize(
    ("data", "raw"), [("hi", b"hi"), (b"\xff", b"\xff"), ({"a": 1}, b'{"a": 1}')]
)
@pytest.mark.parametrize("build", [testing.pubsub_message, testing.pubsub_push])
def test_published_data(build: Any, data: Any, raw: bytes) -> None:
    message = received(build(data, {"k": "v"})).data["message"]
    assert base64.b64decode(message["data"]) == raw
    assert message["attributes"] == {"k": "v"}


def test_background_forms() -> None:
    GOT.clear()
    assert Client(on_background).send(testing.background_event("storage", bucket="b")).status == 200
    data, context = GOT[0]
    assert (data["bucket"], context.event_type) == ("b", "google.storage.object.finalize")


def test_each_event_has_a_time_of_its_own_kind() -> None:
    assert testing.sample_event("pubsub", time="2020-02-02T00:00:00Z")["time"].startswith("2020")
    assert json.dumps(testing.pubsub_push(id="7")).count('"7"') == 2


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="no sample 'storage-moved'"):
        testing.storage_event(action="moved")  # type: ignore[arg-type]
