"""Calls a background function over any host and says what it was called with."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from functions_framework.model.function import Signature
from google.cloud.functions_v1.context import Context
from support.in_memory import EVENT_HOSTS, Answer, serve

JSON = {"Content-Type": "application/json"}
PUBSUB_MESSAGE = "type.googleapis.com/google.pubsub.v1.PubsubMessage"

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


class Call(NamedTuple):
    """What a background function was called with."""

    data: Any
    event_id: Any
    timestamp: Any
    event_type: Any
    resource: Any


def send(
    host: str,
    body: Any,
    headers: dict[str, str] | None = None,
    target: str = "/",
    method: str = "POST",
) -> tuple[Answer, Call | None]:
    calls: list[Call] = []

    def function(data: Any, context: Context) -> str:
        assert type(context) is Context
        found = (context.event_id, context.timestamp, context.event_type, context.resource)
        calls.append(Call(data, *found))
        return "ignored"

    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = JSON if headers is None else headers
    answer = serve(host, function, Signature.EVENT)(method, target, given, raw)
    assert len(calls) <= 1
    return answer, calls[0] if calls else None


def ce(kind: str = "t", source: str = "//s/n", **more: str | None) -> dict[str, str]:
    """Headers of a binary CloudEvent."""
    named = {"specversion": "1.0", "id": "E", "time": "T", "type": kind, "source": source, **more}
    headers = {f"ce-{name}": value for name, value in named.items() if value is not None}
    return {**JSON, **headers}
