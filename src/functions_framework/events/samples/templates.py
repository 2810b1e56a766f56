"""Fills the templates of samples: placeholders in texts of any JSON value.

A text that is one placeholder (`"{size}"`) becomes the field's value of its own type; where that
is None the member it stands in is left out. Placeholders within a text become text. What a value
goes through first may be named: `{message|base64}`, `{name|quote}` (as part of a URL),
`{size|text}`, and `{value|keep}`, which writes a None as null.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    if way == "base64":
        text = value if isinstance(value, str) else json.dumps(value)
        return base64.b64encode(text.encode()).decode()
    if way == "quote":
        return quote(str(value), safe="")
    return str(value) if way == "text" else value
