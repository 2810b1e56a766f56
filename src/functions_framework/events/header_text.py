"""Attributes as the text of headers (CloudEvents HTTP binding, section 3.1.3.2), both ways."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote, unquote

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.message import CORE_ATTRIBUTES

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def decode_header(value: str, name: str = "") -> str:
    """Undo double quotes around a header value, then one round of percent-encoding.

    Source: HTTP binding, section 3.1.3.2. A `%` before no two hex digits stands for itself. Bytes
    that should have been encoded and are UTF-8 are read as that, as Eventarc sends the names of
    documents so; any others stay latin-1.

    Raises:
        MalformedRequest: the encoded bytes are not UTF-8.
    """
    if not value.isascii():
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode()
    if '"' in value:
        quoted = _QUOTED.fullmatch(value)
        if quoted is not None:
            value = _ESCAPED.sub(r"\1", quoted[1])
    if "%" not in value:
        return value
    try:
        return unquote(value, errors="strict")
    except UnicodeDecodeError:
        is_core = name in CORE_ATTRIBUTES
        which = f"ce-{name} header" if is_core else "header of an extension attribute"
        raise MalformedRequest(f"The {which} percent-encodes bytes that are not UTF-8.") from None


def encode_header(value: str) -> str:
    """Percent-encode space, `"`, `%` and all but printable ASCII (binding, section 3.1.3.2).

    Raises:
        UnicodeEncodeError: the text holds half a surrogate pair.
    """
    return quote(value, safe=_PLAIN)
