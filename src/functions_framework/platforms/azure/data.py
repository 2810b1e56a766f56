"""What triggered a function, as the data of an event: JSON, text or bytes."""

from __future__ import annotations

import base64
from typing import Any

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import JSON_TYPE, decode_json, is_json


def data_members(content: Any, declared: object) -> dict[str, Any]:
    """The members of an event's data; text that is a JSON object or array is one.

    Args:
        content: text, bytes, or a JSON value that isn't text.
        declared: the media type its sender has given it, if any.
    """
    kind = declared if isinstance(declared, str) else ""
    value = content
    if isinstance(content, bytes):
        value = json_in(content, is_declared=True) if is_json(kind) else None
        if value is None:
            encoded = base64.b64encode(content).decode()
            return {"datacontenttype": kind or "application/octet-stream", "data_base64": encoded}
    elif isinstance(content, str):
        value = json_in(content, is_declared=bool(kind)) if is_json(kind or JSON_TYPE) else None
        if value is None:
            return {"datacontenttype": kind or "text/plain", "data": content}
    return {"datacontenttype": kind or JSON_TYPE, "data": value}


def json_in(content: str | bytes, *, is_declared: bool = False) -> Any:
    """The JSON value of a text; None where it is none, or one that may be meant as text."""
    try:
        found = decode_json(content.encode() if isinstance(content, str) else content)
    except (MalformedRequest, UnicodeEncodeError):
        return None
    return found if is_declared or isinstance(found, (dict, list)) else None
