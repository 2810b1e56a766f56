"""What triggers a function of Azure, as the event that an event function gets."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from functions_framework.model.function import Signature
from platforms.azure.invocations import INVOCATION_ID, SYSTEM, Handler, result
from support.in_memory import EVENT_HOSTS

pytestmark = pytest.mark.once

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
RFC3339 = "2024-05-06T07:08:09+00:00"
# The metadata of each trigger is that of its page ("message metadata", "event metadata").
QUEUE = {
    "DequeueCount": 1,
    "ExpirationTime": WHEN,
    "Id": "800ae4b3-bdd2-4c08-badd-f08e5a34b865",
    "InsertionTime": WHEN,
    "NextVisibleTime": WHEN,
    "PopReceipt": "AgAAAAMAAAAAAAAAAgtnj8x+1QE=",
}
SERVICE_BUS = {
    "MessageId": "m-17",
    "SequenceNumber": 9007199254740993,
    "DeliveryCount": 1,
    "LockToken": "c2c2",
    "EnqueuedTimeUtc": WHEN,
    "ContentType": "application/json",
    "CorrelationId": "c-3",
    "Subject": "order",
    "SessionId": "s-9",
    "ApplicationProperties": {"Tenant": "blue", "is-fast": True, "Weight": 3, "id": "mine"},
}
PARTITION = {
    "FullyQualifiedNamespace": "shop.servicebus.windows.net",
    "EventHubName": "clicks",
    "ConsumerGroup": "$Default",
    "PartitionId": "2",
}
EVENT_HUBS = {
    "PartitionContext": PARTITION,
    "EnqueuedTimeUtc": WHEN,
    "SequenceNumber": 41,
    "Offset": "8192",
    "PartitionKey": "user-7",
    "Properties": {"region": "eu"},
    "SystemProperties": {},
}
BLOB = {
    "Uri": "https://shop.blob.core.windows.net/photos/a%20b/cat.jpg",
    "Properties": {
        "ETag": '"0x8D7CCEC5515D04D"',
        "LastModified": RFC3339,
        "ContentType": "text/plain; charset=utf-8",
    },
    "Metadata": {},
    "name": "a b/cat.jpg",
}
TIMER = {
    "Schedule": {"AdjustForDST": True},
    "ScheduleStatus": {"Last": RFC3339, "Next": RFC3339, "LastUpdated": RFC3339},
    "IsPastDue": False,
}
GRID = {
    "id": "g-1",
    "topic": "/subscriptions/x/storageAccounts/shop",
    "subject": "/blobServices/default/containers/photos/blobs/cat.jpg",
    "eventType": "Microsoft.Storage.BlobCreated",
    "eventTime": "2024-05-06T07:08:09.1234567Z",
    "data": {"api": "PutBlob"},
    "dataVersion": "1",
    "metadataVersion": "1",
}
CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "c-1",
    "source": "/shop",
    "type": "com.example.order",
    "time": "2024-05-06T07:08:09Z",
    "data": {"item": "tea"},
}
HERE = "/azure/functions/hello"
AZURE = "com.microsoft.azure"
OWN = {"type": "com.example.order", "source": "/shop", "id": "c-1", "data": {"item": "tea"}}

# Value and metadata, and what is looked at of the event.
TRIGGERS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "queue, JSON": (
        '{"item": "tea"}',
        QUEUE,
        {
            "type": f"{AZURE}.storage.queue.message", "source": HERE, "id": QUEUE["Id"],
            "time": RFC3339, "dequeuecount": 1, "datacontenttype": "application/json",
            "data": {"item": "tea"},
        },
    ),
    "queue, text": ("hello", QUEUE, {"datacontenttype": "text/plain", "data": "hello"}),
    "queue, a number": ("17", QUEUE, {"datacontenttype": "text/plain", "data": "17"}),
    "queue, a time without a zone": (
        "x", {**QUEUE, "InsertionTime": RFC3339[:-6]}, {"time": "2024-05-06T07:08:09Z"},
    ),
    "queue, empty": ("", QUEUE, {"datacontenttype": "text/plain", "data": None}),
    "queue, text that looks like base64": ("test", QUEUE, {"data": "test"}),
    "queue, text with quotes": ('"quoted"', QUEUE, {"data": '"quoted"'}),
    "queue, bytes": (
        b"\0\xff", QUEUE, {"datacontenttype": "application/octet-stream", "data": b"\0\xff"},
    ),
    "queue, an event of Event Grid": (
        json.dumps(GRID),
        QUEUE,
        {
            "type": "Microsoft.Storage.BlobCreated", "id": "g-1", "source": GRID["topic"],
            "data": {"api": "PutBlob"},
        },
    ),
    "queue, a CloudEvent": (json.dumps(CLOUD_EVENT), QUEUE, OWN),
    "Service Bus": (
        '{"item": "tea"}',
        SERVICE_BUS,
        {
            "type": f"{AZURE}.servicebus.message", "source": HERE, "id": "m-17", "time": RFC3339,
            "subject": "order", "correlationid": "c-3", "partitionkey": "s-9", "deliverycount": 1,
            "sequencenumber": "9007199254740993", "tenant": "blue", "weight": 3, "isfast": True,
            "data": {"item": "tea"},
        },
    ),
    "Service Bus, JSON that is a number": ("17", SERVICE_BUS, {"data": 17}),
    "Service Bus, called text": (
        "[1]", {**SERVICE_BUS, "ContentType": "text/plain"}, {"data": "[1]"},
    ),
    "Service Bus, JSON in bytes": (b'{"item": "tea"}', SERVICE_BUS, {"data": {"item": "tea"}}),
    "Service Bus, without an id": (
        "x", {"DeliveryCount": 1, "SequenceNumber": 5}, {"id": "5", "data": "x"},
    ),
    "Service Bus, attributes in properties": (
        '{"item": "tea"}',
        {
            **SERVICE_BUS,
            "ApplicationProperties": {
                f"cloudEvents:{name}": CLOUD_EVENT[name]
                for name in ("specversion", "id", "source", "type")
            },
        },
        OWN,
    ),
    "Event Hubs": (
        '{"click": 1}',
        EVENT_HUBS,
        {
            "type": f"{AZURE}.eventhubs.event", "source": "//shop.servicebus.windows.net/clicks",
            "id": "2-41", "time": RFC3339, "partitionkey": "user-7", "sequencenumber": "41",
            "region": "eu", "data": {"click": 1},
        },
    ),
    "Event Hubs, from IoT Hub": (
        '{"heat": 21}',
        {**EVENT_HUBS, "SystemProperties": {"iothub-connection-device-id": "oven", "Offset": "1"}},
        {"iothubconnectiondeviceid": "oven", "region": "eu", "data": {"heat": 21}},
    ),
    "Event Hubs, a CloudEvent in properties": (
        '{"item": "tea"}',
        {
            **EVENT_HUBS,
            "Properties": {
                f"cloudEvents_{name}": CLOUD_EVENT[name]
                for name in ("specversion", "id", "source", "type")
            },
        },
        OWN,
    ),
    "blob, text": (
        "meow",
        BLOB,
        {
            "type": f"{AZURE}.storage.blob.changed", "id": "0x8D7CCEC5515D04D", "time": RFC3339,
            "source": "https://shop.blob.core.windows.net", "subject": "photos/a b/cat.jpg",
            "datacontenttype": "text/plain; charset=utf-8", "data": "meow",
        },
    ),
    "blob, bytes": (
        b"\0\xff",
        {**BLOB, "Properties": {**BLOB["Properties"], "ContentType": "image/jpeg"}},  # type: ignore[dict-item]
        {"datacontenttype": "image/jpeg", "data": b"\0\xff"},
    ),
    "timer": (
        TIMER,
        {},
        {
            "type": f"{AZURE}.functions.timer.fired", "source": HERE, "id": INVOCATION_ID,
            "time": SYSTEM["UtcNow"], "data": TIMER,
        },
    ),
    "Event Grid, its own schema": (
        GRID, GRID, {"type": "Microsoft.Storage.BlobCreated", "id": "g-1", "dataversion": "1"},
    ),
    "Event Grid, CloudEvents": (CLOUD_EVENT, CLOUD_EVENT, OWN),
}  # fmt: skip


def _seen(event: Any) -> dict[str, Any]:
    return {**event.get_attributes(), "data": event.get_data()}


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("name", TRIGGERS)
def test_a_trigger_is_an_event(name: str, host: str) -> None:
    value, metadata, expected = TRIGGERS[name]
    events: list[Any] = []
    answer = Handler(host, events.append).invoke(value, metadata)
    assert result(answer) == {"Outputs": {}, "Logs": [], "ReturnValue": None}
    (event,) = map(_seen, events)
    assert {key: event[key] for key in expected} == expected
    assert event["specversion"] == "1.0"


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("name", TRIGGERS)
def test_a_background_function_gets_the_same(name: str, host: str) -> None:
    value, metadata, expected = TRIGGERS[name]
    events: list[Any] = []

    def take(data: Any, context: Any) -> None:
        events.append({"data": data, "id": context.event_id, "type": context.event_type})

    result(Handler(host, take, Signature.EVENT).invoke(value, metadata))
    (event,) = events
    wanted = {key: expected[key] for key in expected.keys() & event.keys()}
    assert {key: event[key] for key in wanted} == wanted


def _several(name: str, values: list[Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """The metadata of several messages: what each has stands in lists."""
    each = [{**metadata, name: value} for value in values]
    return {f"{key}Array": [item[key] for item in each] for key in metadata if key != name} | {
        f"{name}Array": values
    }


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_several_messages_are_several_events(host: str) -> None:
    hub = {key: value for key, value in EVENT_HUBS.items() if key != "PartitionContext"}
    hub = {key: value for key, value in hub.items() if not isinstance(value, datetime)}
    metadata = {"PartitionContext": PARTITION, **_several("SequenceNumber", [41, 42, 43], hub)}
    events: list[Any] = []
    answer = Handler(host, events.append).invoke(['{"click": 1}', "two", "[3]"], metadata)
    assert result(answer)["ReturnValue"] is None
    found = sorted((event["id"], event.get_data()) for event in events)
    assert found == [("2-41", {"click": 1}), ("2-42", "two"), ("2-43", [3])]


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_changed_documents_are_events(host: str) -> None:
    documents = [
        {"id": "a", "_etag": '"00-1"', "_ts": 1714979289, "_rid": "r", "kind": "tea"},
        {"id": "b", "_etag": '"00-2"', "_ts": 1714979290, "_rid": "r", "kind": "mug"},
    ]
    events: list[Any] = []
    result(Handler(host, events.append).invoke(documents))
    found = sorted(map(_seen, events), key=lambda event: event["id"])
    assert [event["subject"] for event in found] == ["a", "b"]
    assert [event["data"] for event in found] == documents
    assert found[0]["type"] == f"{AZURE}.cosmosdb.document.changed"
    assert found[0]["time"] == "2024-05-06T07:08:09+00:00"


def test_an_older_host_writes_more_as_text() -> None:
    metadata = {
        "Metadata": "{}",
        "Properties": json.dumps({"ETag": '"e"', "ContentType": "text/plain"}),
        "Uri": '"https://shop.blob.core.windows.net/photos/cat.jpg"',
        "sys": json.dumps(SYSTEM),
    }
    events: list[Any] = []
    handler = Handler("wsgi", events.append)
    result(handler.raw({"Data": {"blob": '"meow"'}, "Metadata": metadata}))
    (event,) = map(_seen, events)
    assert (event["id"], event["subject"], event["data"]) == ("e", "photos/cat.jpg", "meow")


def test_the_example_of_the_documentation() -> None:
    events: list[Any] = []
    payload = {
        "Data": {"myQueueItem": '{ message: "Message sent" }'},
        "Metadata": {
            "DequeueCount": 1,
            "ExpirationTime": "2019-10-16T17:58:31+00:00",
            "Id": "800ae4b3-bdd2-4c08-badd-f08e5a34b865",
            "InsertionTime": "2019-10-09T17:58:31+00:00",
            "NextVisibleTime": "2019-10-09T18:08:32+00:00",
            "PopReceipt": "AgAAAAMAAAAAAAAAAgtnj8x+1QE=",
            "sys": SYSTEM,
        },
    }
    result(Handler("wsgi", events.append).raw(payload))
    (event,) = events
    assert event["id"] == "800ae4b3-bdd2-4c08-badd-f08e5a34b865"
    assert event["time"] == "2019-10-09T17:58:31+00:00"
    assert event.get_data() == '{ message: "Message sent" }'


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_an_unknown_trigger_is_named_by_its_keys(host: str) -> None:
    events: list[Any] = []
    handler = Handler(host, events.append)
    answer = handler.invoke("secret", {"Topic": "secret", "Partition": 1}, other="secret")
    assert answer.status == 400
    text = answer.body.decode()
    assert text.startswith("No trigger is known whose Data is item, other and whose Metadata is ")
    assert "Partition, Topic, sys" in text
    assert "secret" not in text
    assert events == []
