"""What triggered a function of Azure as CloudEvents, by one table.

==============  ===============================================  ==================================
trigger         told by its metadata, or by itself               type of the event
==============  ===============================================  ==================================
Queue Storage   `DequeueCount`                                   `com.microsoft.azure.storage.queue.message`
Service Bus     `DeliveryCount` and `SequenceNumber`             `com.microsoft.azure.servicebus.message`
Event Hubs      `PartitionContext`                               `com.microsoft.azure.eventhubs.event`
Blob Storage    `Uri` and `Properties`                           `com.microsoft.azure.storage.blob.changed`
timer           an object with `IsPastDue`                       `com.microsoft.azure.functions.timer.fired`
Cosmos DB       documents with `_etag` and `_ts`                 `com.microsoft.azure.cosmosdb.document.changed`
Event Grid      an event: its own schema, or a CloudEvent        its own
==============  ===============================================  ==================================

A message that is an event itself, as Event Grid puts them into queues, is that event. Of several
messages at once (cardinality `many`) each is an event, and they make a batch.

Sources: the pages of the triggers in Azure Functions, "message metadata" and "event metadata"; the
CloudEvents AMQP binding, section 3.1, for messages whose properties are an event's attributes.
"""  # noqa: E501 - a table

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from functions_framework.events.binding import REQUIRED, now
from functions_framework.events.webhooks import from_event_grid
from functions_framework.exceptions import MalformedRequest
from functions_framework.runtime.escaping import printable

from .data import data_members, json_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .invocation import Invocation

_TYPE = "com.microsoft.azure"
_GRID = ("id", "eventType", "eventTime")
_AMQP = re.compile(r"cloudEvents[:_]([a-z0-9]+)")
_SEPARATORS = re.compile(r"[-_. ]")
_EXTENSION = re.compile(r"[a-z0-9]+")
_TAKEN = frozenset({*REQUIRED, "time", "subject", "data", "datacontenttype", "dataschema"})
_LONGEST = 500
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")


class _Message(NamedTuple):
    """One of the things that triggered a function, with what is told of it."""

    content: Any
    metadata: Mapping[str, Any]
    invocation: Invocation

    def first(self, *names: str) -> Any:
        """The first that is told of some facts, None where none is."""
        return next((value for name in names if (value := self.metadata.get(name))), None)


def events_of(invocation: Invocation) -> list[dict[str, Any]] | dict[str, Any]:
    """The event in the JSON format that an invocation is; of several things at once a list.

    Raises:
        MalformedRequest: nothing is known that triggers a function so; its keys are named.
    """
    content = invocation.content
    if isinstance(content, list) and content:
        several = [
            _event(_Message(item, _of_one(invocation.metadata, index), invocation))
            for index, item in enumerate(content)
        ]
        found = [event for event in several if event is not None]
        if len(found) == len(several):
            return found
    event = _event(_Message(content, invocation.metadata, invocation))
    if event is None:
        raise MalformedRequest(_unknown(invocation))
    return event


def _of_one(metadata: Mapping[str, Any], index: int) -> Mapping[str, Any]:
    """What is told of one of several messages: `SequenceNumberArray` has that of each."""
    own = {
        name.removesuffix("Array"): value[index]
        for name, value in metadata.items()
        if name.endswith("Array") and isinstance(value, list) and index < len(value)
    }
    return {**metadata, **own}


def _unknown(invocation: Invocation) -> str:
    told = ", ".join(sorted(invocation.metadata)) or "nothing"
    return printable(
        f"No trigger is known whose Data is {', '.join(invocation.inputs)} and whose Metadata is "
        f"{told}. Let an http or a typed function take it."
    )[:_LONGEST]


def _event(message: _Message) -> dict[str, Any] | None:
    event = _own_event(message)
    if event is not None:
        return event
    found = next((event for make in _TRIGGERS if (event := make(message))), None)
    if found is None:
        return None
    given = {name: value for name, value in found.items() if value is not None}
    event = {
        "specversion": "1.0",
        "source": f"/azure/functions/{message.invocation.function}",
        "time": now(),
        **given,
        "id": str(given.get("id") or message.invocation.id),
        **data_members(message.content, given.get("datacontenttype")),
    }
    return {**_extensions(message), **event}


def _own_event(message: _Message) -> dict[str, Any] | None:
    """The event that a message is by itself, None for any other."""
    content = json_in(message.content) if isinstance(message.content, (str, bytes)) else None
    found = message.content if content is None else content
    if isinstance(found, dict):
        if all(isinstance(found.get(name), str) for name in REQUIRED):
            return found
        if all(isinstance(found.get(name), str) for name in _GRID):
            return from_event_grid(found)
    named = {
        match[1]: value
        for name, value in _properties(message).items()
        if (match := _AMQP.fullmatch(name))
    }
    if not named.keys() >= set(REQUIRED):
        return None
    return {**named, **data_members(message.content, message.first("ContentType"))}


def _properties(message: _Message) -> dict[str, Any]:
    """What the sender of a message has said of it."""
    found = message.first("ApplicationProperties", "UserProperties", "Properties")
    return found if isinstance(found, dict) else {}


def _extensions(message: _Message) -> dict[str, Any]:
    """Properties of a message as attributes: their names without what isn't a letter or a digit.

    Of what the service itself says of a message only IoT Hub's is not an attribute yet.
    """
    if "Uri" in message.metadata:  # a blob's, which are its own
        return {}
    system = message.metadata.get("SystemProperties")
    said = {
        **_properties(message),
        **{
            name: value
            for name, value in (system if isinstance(system, dict) else {}).items()
            if name.startswith("iothub-")
        },
    }
    named = {_SEPARATORS.sub("", name).lower(): value for name, value in said.items()}
    return {
        name: value
        for name, value in named.items()
        if _EXTENSION.fullmatch(name) and name not in _TAKEN and isinstance(value, (str, int))
    }


def _queue(message: _Message) -> dict[str, Any] | None:
    if "DequeueCount" not in message.metadata:
        return None
    return {
        "id": message.first("Id"),
        "type": f"{_TYPE}.storage.queue.message",
        "time": _time(message.first("InsertionTime")),
        "dequeuecount": message.first("DequeueCount"),
    }


def _service_bus(message: _Message) -> dict[str, Any] | None:
    if not message.metadata.keys() >= {"DeliveryCount", "SequenceNumber"}:
        return None
    return {
        "id": message.first("MessageId", "SequenceNumber"),
        "type": f"{_TYPE}.servicebus.message",
        "time": _time(message.first("EnqueuedTimeUtc", "EnqueuedTime")),
        "subject": message.first("Subject", "Label"),
        "datacontenttype": message.first("ContentType"),
        "correlationid": message.first("CorrelationId"),
        "deliverycount": message.first("DeliveryCount"),
        "partitionkey": message.first("PartitionKey", "SessionId"),
        "sequencenumber": _text(message.first("SequenceNumber")),
    }


def _event_hubs(message: _Message) -> dict[str, Any] | None:
    partition = message.metadata.get("PartitionContext")
    if not isinstance(partition, dict):
        return None
    place = partition.get("FullyQualifiedNamespace")
    hub = partition.get("EventHubName") or partition.get("EventHubPath")
    number = _text(message.first("SequenceNumber"))
    made = f"{partition.get('PartitionId', '')}-{number}" if number else None
    return {
        "id": made,
        "source": f"//{place}/{hub}" if place and hub else None,
        "type": f"{_TYPE}.eventhubs.event",
        "time": _time(message.first("EnqueuedTimeUtc", "EnqueuedTime")),
        "partitionkey": message.first("PartitionKey"),
        "sequencenumber": number,
    }


def _blob(message: _Message) -> dict[str, Any] | None:
    address, properties = message.metadata.get("Uri"), message.metadata.get("Properties")
    if not isinstance(address, str) or not isinstance(properties, dict):
        return None
    parts = urlsplit(address)
    tag = properties.get("ETag")
    return {
        "id": tag.strip('"') if isinstance(tag, str) and tag else None,
        "source": f"{parts.scheme}://{parts.netloc}",
        "type": f"{_TYPE}.storage.blob.changed",
        "subject": unquote(parts.path).strip("/"),
        "time": _time(properties.get("LastModified")),
        "datacontenttype": properties.get("ContentType"),
    }


def _timer(message: _Message) -> dict[str, Any] | None:
    if not isinstance(message.content, dict) or "IsPastDue" not in message.content:
        return None
    system = message.metadata.get("sys")
    fired = system.get("UtcNow") if isinstance(system, dict) else None
    return {"type": f"{_TYPE}.functions.timer.fired", "time": _time(fired)}


def _cosmos(message: _Message) -> dict[str, Any] | None:
    document = message.content
    if not isinstance(document, dict) or not document.keys() >= {"id", "_etag", "_ts"}:
        return None
    changed = document["_ts"]
    is_known = isinstance(changed, int) and 0 <= changed < 1 << 34
    time = datetime.fromtimestamp(changed, timezone.utc).isoformat() if is_known else None
    return {
        "id": str(document["_etag"]).strip('"'),
        "type": f"{_TYPE}.cosmosdb.document.changed",
        "subject": _text(document["id"]),
        "time": time,
    }


_TRIGGERS: tuple[Callable[[_Message], dict[str, Any] | None], ...] = (
    _queue,
    _service_bus,
    _event_hubs,
    _blob,
    _timer,
    _cosmos,
)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _time(value: object) -> str | None:
    """A time as CloudEvents have it, in UTC where it names no zone; None for what isn't a time."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else found[0] + ("" if found[2] else "Z")
