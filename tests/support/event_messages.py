"""Requests with events, as values, and the data files of the public conformance suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from functions_framework.model.message import Message

EVENT: dict[str, Any] = {
    "id": "1",
    "source": "//s/a",
    "specversion": "1.0",
    "type": "t",
    "time": "2020-01-01T00:00:00Z",
}
FILES = Path(__file__).parents[1] / "data" / "conformance-events"
NAMES = sorted(
    path.name.removesuffix("-legacy-input.json") for path in FILES.glob("*-legacy-input.json")
)


def binary(
    body: bytes = b"", content_type: str | None = "application/json", /, **attributes: str | None
) -> Message:
    """A binary-mode CloudEvent; None takes an attribute away."""
    merged = {**EVENT, **attributes}
    return Message(content_type, {k: v for k, v in merged.items() if v is not None}, body)


def structured(
    members: dict[str, Any] | None = None,
    /,
    content_type: str | None = "application/cloudevents+json",
    *,
    without: tuple[str, ...] = (),
) -> Message:
    """A structured-mode CloudEvent."""
    payload = {k: v for k, v in {**EVENT, **(members or {})}.items() if k not in without}
    return posted(payload, content_type=content_type)


def posted(
    payload: Any, /, path: str = "/", *, content_type: str | None = "application/json"
) -> Message:
    """Any JSON value (or bytes as they are) in a request without CloudEvent headers."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return Message(content_type, {}, body, path)


def suite_file(name: str) -> Any:
    """The JSON value of one of the conformance suite's files."""
    return json.loads((FILES / name).read_text(encoding="utf-8"))
