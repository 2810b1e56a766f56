"""Fills the templates of samples: placeholders in texts of any JSON value.

A text that is one placeholder (`"{size}"`) becomes the field's value of its own type; where that
is None the member it stands in is left out. Placeholders within a text become text. What a value
goes through first may be named: `{message|base64}`, `{name|quote}` (as part of a URL),
`{size|text}`, `{message|json}` (text as it is, anything else as JSON), `{key|key}` (as S3 quotes
its keys), `{time|seconds}` and `{time|milliseconds}` (since 1970, a number and text), and
`{value|keep}`, which writes a None as null.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PLACEHOLDER = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
_LEFT_OUT: Any = object()


def fill(template: object, values: Mapping[str, Any]) -> Any:
    """The template with its placeholders replaced.

    Raises:
        KeyError: a placeholder names no value.
    """
    if isinstance(template, dict):
        filled = {name: fill(value, values) for name, value in template.items()}
        return {name: value for name, value in filled.items() if value is not _LEFT_OUT}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole is None:
        return _PLACEHOLDER.sub(lambda found: str(_value(found, values)), template)
    value = _value(whole, values)
    return _LEFT_OUT if value is None and whole[2] != "keep" else value


def _value(found: re.Match[str], values: Mapping[str, Any]) -> Any:
    value, way = values[found[1]], found[2]
    return value if way is None else _WAYS[way](value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _seconds(time: str) -> float:
    # RFC 3339 has leap seconds, datetime none.
    found = msgspec.convert(time.replace(":60", ":59"), datetime).timestamp()
    return int(found) if found.is_integer() else found


_WAYS: dict[str, Callable[[Any], Any]] = {
    "base64": lambda value: base64.b64encode(_as_text(value).encode()).decode(),
    "json": _as_text,
    "keep": lambda value: value,
    "key": lambda value: quote_plus(value, safe="/"),
    "milliseconds": lambda time: str(round(_seconds(time) * 1000)),
    "quote": lambda value: quote(str(value), safe=""),
    "seconds": _seconds,
    "text": str,
}
