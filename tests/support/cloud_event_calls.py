"""Calls a CloudEvent function over any host and says what it was called with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudevents.http import CloudEvent

from functions_framework.model.function import Signature
from support.in_memory import EVENT_HOSTS, Answer, serve

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
JSON = {"Content-Type": "application/json"}
REQUIRED = {"specversion": "1.0", "id": "E", "source": "/s", "type": "t"}

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


def send(
    host: str,
    body: Any,
    headers: dict[str, str],
    target: str = "/",
    method: str = "POST",
) -> tuple[Answer, CloudEvent | None]:
    """Send a request; bytes as they are, anything else as JSON."""
    calls: list[CloudEvent] = []

    def function(event: CloudEvent) -> str:
        assert type(event) is CloudEvent
        calls.append(event)
        return "ignored"

    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = serve(host, function, Signature.CLOUDEVENT)(method, target, headers, raw)
    assert len(calls) <= 1
    return answer, calls[0] if calls else None


def taken(host: str, body: Any, headers: dict[str, str], target: str = "/") -> CloudEvent:
    """The event of a request that reached the function."""
    answer, event = send(host, body, headers, target)
    assert (answer.status, answer.body) == (200, b"OK")
    assert event is not None
    return event


def ce(content_type: str | None = "application/json", /, **more: str | None) -> dict[str, str]:
    """Headers of a binary CloudEvent; None takes an attribute away."""
    named = {**REQUIRED, **more}
    headers = {f"ce-{name}": value for name, value in named.items() if value is not None}
    return headers if content_type is None else {**headers, "Content-Type": content_type}
