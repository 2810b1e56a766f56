"""Batches of CloudEvents in the JSON format (HTTP binding, section 3.3): taking lists apart.

What becomes of the events is not known here, and neither is whether they are well-formed.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from functions_framework.exceptions import BatchOfEvents, MalformedRequest
from functions_framework.model.json_text import UNREADABLE, decode_json

# Without decoding: each is decoded by the call it belongs to.
_split = msgspec.json.Decoder(list[msgspec.Raw]).decode


def batch_of(body: bytes) -> BatchOfEvents:
    """The events of a body.

    Raises:
        MalformedRequest: it isn't JSON, or isn't a list.
    """
    try:
        return BatchOfEvents([bytes(item) for item in _split(body)])
    except UNREADABLE:
        # Not a list, or what only the standard library takes.
        return BatchOfEvents(_split_anew(decode_json(body)))


def _split_anew(batch: Any) -> list[bytes]:
    if not isinstance(batch, list):
        raise MalformedRequest("A batch of CloudEvents is one JSON array; the body isn't an array.")
    try:
        return [json.dumps(item).encode() for item in batch]
    except RecursionError:
        raise MalformedRequest("The body is JSON that is nested too deeply.") from None


def id_of(event: bytes) -> str | None:
    """The id of one of the events, None where it has none that could name it."""
    try:
        found = decode_json(event)
    except MalformedRequest:
        return None
    identity = found.get("id") if isinstance(found, dict) else None
    return identity if isinstance(identity, str) and identity else None
