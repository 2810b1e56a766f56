"""The 17 events of the public conformance suite in four directions, all hosts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support import background_calls, cloud_event_calls
from support.cloud_event_calls import JSON, STRUCTURED, every_host
from support.event_messages import FILES, NAMES, suite_file

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

every_event = pytest.mark.parametrize("name", NAMES)
every_mode = pytest.mark.parametrize("mode", ["binary", "structured"])


def _cloud_event_request(name: str, mode: str) -> tuple[dict[str, str], bytes]:
    event = suite_file(f"{name}-cloudevent-input.json")
    if mode == "structured":
        return STRUCTURED, json.dumps(event).encode()
    body = json.dumps(event.pop("data")).encode()
    headers = {"Content-Type": event.pop("datacontenttype")}
    return {**headers, **{f"ce-{name}": value for name, value in event.items()}}, body


def _background_request(name: str) -> tuple[dict[str, str], bytes]:
    return JSON, json.dumps(suite_file(f"{name}-legacy-input.json")).encode()


def _seen(event: CloudEvent) -> dict[str, Any]:
    return {**event.get_attributes(), "data": event.data}


def _called(host: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    answer, call = background_calls.send(host, body, headers)
    assert answer.status == 200
    assert call is not None
    context = {
        "eventId": call.event_id,
        "timestamp": call.timestamp,
        "eventType": call.event_type,
        "resource": call.resource,
    }
    return {"data": call.data, "context": context}


@every_host
@every_event
@every_mode
def test_cloud_event_to_cloud_event(mode: str, name: str, host: str) -> None:
    headers, body = _cloud_event_request(name, mode)
    event = cloud_event_calls.taken(host, body, headers)
    assert _seen(event) == suite_file(f"{name}-cloudevent-input.json")


@every_host
@every_event
def test_background_event_to_cloud_event(name: str, host: str) -> None:
    headers, body = _background_request(name)
    event = cloud_event_calls.taken(host, body, headers)
    assert _seen(event) == suite_file(f"{name}-cloudevent-output.json")


@every_host
@every_event
def test_background_event_to_background_event(name: str, host: str) -> None:
    assert _called(host, *_background_request(name)) == suite_file(f"{name}-legacy-output.json")


@every_host
@every_event
@every_mode
def test_cloud_event_to_background_event(mode: str, name: str, host: str) -> None:
    converted = f"{name}-legacy-output-converted.json"
    expected = converted if (FILES / converted).exists() else f"{name}-legacy-output.json"
    assert _called(host, *_cloud_event_request(name, mode)) == suite_file(expected)


def test_all_events_are_here() -> None:
    assert len(NAMES) == 17
