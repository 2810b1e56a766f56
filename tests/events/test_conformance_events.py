"""The 17 events of the public conformance suite in all four directions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions_framework.model.function import Function
from functions_framework.model.message import Message
from functions_framework.signatures.cloud_event import CloudEventSignature
from functions_framework.signatures.event import EventSignature
from support.event_messages import FILES, NAMES, posted, structured, suite_file

FUNCTION = Function(print, "function")


def test_all_events_are_here() -> None:
    assert len(NAMES) == 17


def _cloud_event(message: Message) -> dict[str, Any]:
    (event,) = CloudEventSignature(FUNCTION).decode(message)
    return {**event.get_attributes(), "data": event.data}


def _background(message: Message) -> dict[str, Any]:
    data, context = EventSignature().decode(message)
    return {
        "data": data,
        "context": {
            "eventId": context.event_id,
            "timestamp": context.timestamp,
            "eventType": context.event_type,
            "resource": context.resource,
        },
    }


def _binary(name: str) -> Message:
    members = suite_file(f"{name}-cloudevent-input.json")
    data = json.dumps(members.pop("data")).encode()
    return Message(members.pop("datacontenttype"), members, data)


def _structured(name: str) -> Message:
    return structured(suite_file(f"{name}-cloudevent-input.json"))


def _expected_background(name: str) -> Any:
    converted = f"{name}-legacy-output-converted.json"
    return suite_file(converted if (FILES / converted).exists() else f"{name}-legacy-output.json")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [_binary, _structured])
def test_cloud_event_to_cloud_event(name: str, make: Any) -> None:
    assert _cloud_event(make(name)) == suite_file(f"{name}-cloudevent-input.json")


@pytest.mark.parametrize("name", NAMES)
def test_background_to_cloud_event(name: str) -> None:
    message = posted(suite_file(f"{name}-legacy-input.json"))
    assert _cloud_event(message) == suite_file(f"{name}-cloudevent-output.json")


@pytest.mark.parametrize("name", NAMES)
def test_background_to_background(name: str) -> None:
    message = posted(suite_file(f"{name}-legacy-input.json"))
    assert _background(message) == suite_file(f"{name}-legacy-output.json")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [_binary, _structured], ids=["binary", "structured"])
def test_cloud_event_to_background(name: str, make: Any) -> None:
    assert _background(make(name)) == _expected_background(name)
