"""Results that JSON cannot say: NaN and the infinities (RFC 8259, section 6)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

# How MessagePack writes a float of 64 bits whose exponent is that of NaN and infinity.
_NO_NUMBER = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")
_CONSTANTS = re.compile(rb"NaN|Infinity")


def is_suspect(value: Any, body: bytes, hook: Callable[[Any], Any]) -> bool:
    """Whether msgspec may have written `null` for a NaN; almost as fast as writing it.

    Args:
        value: the result.
        body: what msgspec made of it.
        hook: writes what msgspec does not know.
    """
    if b"null" not in body:
        return False
    try:
        packed = msgspec.msgpack.encode(value, enc_hook=hook)
    except (OverflowError, TypeError, ValueError):  # MessagePack knows no integers beyond 64 bits
        return True
    return _NO_NUMBER.search(packed) is not None


def refuse_constants(body: bytes) -> None:
    """Check a text that was written as JSON.

    Raises:
        ValueError: NaN or an infinity stands in it.
    """
    if _CONSTANTS.search(body):
        json.loads(body, parse_constant=_refuse)


def refuse_numbers(value: Any) -> None:
    """Check plain data: numbers, texts, lists and dicts.

    Raises:
        ValueError: NaN or an infinity is in it.
    """
    json.dumps(value, allow_nan=False, default=str, skipkeys=True)


def _refuse(constant: str) -> None:
    raise ValueError(f"The result holds {constant}, which JSON cannot say.")
