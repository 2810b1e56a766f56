"""Direct invokes: a payload of the caller's own, a value for a value or one event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import BATCH_TYPE, STRUCTURED_TYPE
from functions_framework.exceptions import FunctionsFrameworkException, RequestTimeoutException
from functions_framework.model.json_text import is_json
from functions_framework.model.message import JSON

if TYPE_CHECKING:
    from functions_framework.calls.answers import Answer

    from .entries import Entry
    from .invoke import Invoke


class InvokeFailed(FunctionsFrameworkException):
    """A direct invoke came to no result; the text says why where the caller is at fault."""


def event_type_of(payload: Any) -> str | None:
    """The media type that a payload has as one event or several, None for any other."""
    if isinstance(payload, dict):
        if "specversion" in payload:
            return STRUCTURED_TYPE
        is_background = "context" in payload and "data" in payload
        return JSON[1] if is_background else None
    is_batch = isinstance(payload, list) and payload
    if is_batch and all(isinstance(item, dict) and "specversion" in item for item in payload):
        return BATCH_TYPE
    return None


def handle_event(invoke: Invoke, entry: Entry, content_type: str) -> None:
    """Have an event, or several, handled.

    Raises:
        BaseException: what the function raised.
        InvokeFailed: it was refused, or is wanted again.
    """
    _succeeded(invoke, entry, content_type)


def value_of(invoke: Invoke, entry: Entry) -> Any:
    """What a typed function makes of a payload.

    Raises:
        BaseException: what the function raised.
        InvokeFailed: the payload was refused, or the result isn't JSON.
    """
    answer = _succeeded(invoke, entry, JSON[1])
    if not answer.body:
        return None
    if is_json(dict(answer.headers).get("content-type")):
        return json.loads(answer.body)
    try:
        return answer.body.decode()
    except UnicodeDecodeError:
        raise InvokeFailed(
            f"{entry.function.name!r} returned bytes, which the result of an invoke can't hold. "
            "Return text, or a value that JSON has."
        ) from None


def _succeeded(invoke: Invoke, entry: Entry, content_type: str) -> Answer:
    body = json.dumps(invoke.payload).encode()
    answer, running = invoke.post(entry.path, content_type, body)
    name = entry.function.name
    if answer is None or answer.status == RequestTimeoutException.http_status:
        raise RequestTimeoutException(f"{name!r} did not answer in time.")
    if answer.status < 400 and answer.is_whole:
        return answer
    invoke.crash = crash = getattr(running, "error", None)
    if crash is not None:
        # The record of the crash has its traceback; callers tell errors apart by their types.
        raise crash
    text = answer.body.decode("utf-8", "replace").strip() if answer.status < 500 else ""
    raise InvokeFailed(f"{name!r} gave a {answer.status}{f': {text}' if text else '.'}")
