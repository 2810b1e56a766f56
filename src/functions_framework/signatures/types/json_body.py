"""JSON bodies: which media types announce one, and reading one whose shape is unknown."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ..problems import Fault, InvalidInput, MalformedInput

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that is no JSON."""


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type names JSON: `application/json`, or any `+json` type (RFC 6839 3.1)."""
    if content_type == "application/json":
        return True
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def loads(body: bytes) -> Any:
    """Decode like `json.loads`, faster for what RFC 8259 allows.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deeply.
    """
    try:
        return msgspec.json.decode(body)
    except UNREADABLE:
        # The standard module takes more: NaN, lone surrogates, a byte order mark, UTF-16.
        return json.loads(body)


def read_json(body: bytes) -> Any:
    """Decode what RFC 8259 calls JSON, and nothing else.

    Raises:
        MalformedInput: it is no JSON.
        InvalidInput: it is, but a number in it is out of range.
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput([Fault((), f"{error}.")]) from None
    except UNREADABLE as error:
        raise MalformedInput(f"The body is not JSON: {why_unreadable(error)}.") from None


def why_unreadable(error: BaseException) -> str:
    """What is wrong with a body, in a few words that repeat none of it."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno} column {error.colno}"
    if isinstance(error, msgspec.DecodeError):
        return str(error).removeprefix("JSON is malformed: ")
    return "a number in it is too long"
