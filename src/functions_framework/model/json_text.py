"""JSON bodies and media types, as every event decoder reads them; no event is known here.

JSON is read by msgspec. What it refuses is read a second time by the standard library, so that
whatever `json.loads` takes is still taken: NaN and Infinity, numbers beyond a float (`1e999`),
escaped lone surrogates, a UTF-8 byte order mark. Other encodings than UTF-8 are refused (RFC 8259,
section 8.1). Where both readers accept a text they give equal values; a test compares them.
"""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from functions_framework.exceptions import MalformedRequest

JSON_TYPE = "application/json"

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a body that isn't JSON."""

_read = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


class NestedTooDeeply(json.JSONDecodeError):
    """As any JSON that cannot be read: the interpreter's own exception would be a crash."""

    def __init__(self) -> None:
        super().__init__("Nested too deeply", "", 0)


def decode_json(body: bytes) -> Any:
    """Read a JSON text of any type.

    Raises:
        MalformedRequest: it is not JSON in UTF-8, or nested beyond the interpreter's limit.
    """
    try:
        return _read(body)
    except RecursionError:
        raise MalformedRequest("The body is JSON that is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_as_the_standard_library(body)


def _read_as_the_standard_library(body: bytes) -> Any:
    if not body:
        raise MalformedRequest("The body is empty; JSON was expected.")
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MalformedRequest(
            f"The body is not JSON: byte {error.start} is not valid UTF-8."
        ) from None
    except RecursionError:
        raise MalformedRequest("The body is JSON that is nested too deeply.") from None
    except json.JSONDecodeError as error:
        # What follows a colon may quote the body.
        reason = error.msg.partition(":")[0].removesuffix(" at")
        raise MalformedRequest(
            f"The body is not JSON: {reason} at line {error.lineno}, column {error.colno}."
        ) from None
    except ValueError:
        raise MalformedRequest("The body is JSON with an integer of too many digits.") from None


def compact(value: Any) -> bytes:
    """JSON in the fewest bytes: a dict's own order, non-ASCII text unescaped.

    Raises:
        ValueError: it holds NaN or an infinity.
    """
    return refuse_nonfinite(_write(value), value)


def refuse_nonfinite(body: bytes, value: Any, enc_hook: Any = None) -> bytes:
    """Return what msgspec wrote of a value, in which `null` may stand for NaN or an infinity.

    Raises:
        ValueError: it does; JSON has no such number (RFC 8259, section 6).
    """
    if b"null" in body:
        left = [msgspec.to_builtins(value, enc_hook=enc_hook)]
        while left:
            found = left.pop()
            if isinstance(found, dict):
                left += found.values()
            elif isinstance(found, (list, tuple)):
                left += found
            elif isinstance(found, float) and not math.isfinite(found):
                raise ValueError(f"{found} isn't a valid number in JSON (RFC 8259, section 6).")
    return body


def refuse_constants(body: bytes) -> bytes:
    """Return a JSON text that another library wrote.

    Raises:
        ValueError: it holds NaN or Infinity, which aren't JSON (RFC 8259, section 6).
    """
    if b"NaN" in body or b"Infinity" in body:
        json.loads(body, parse_constant=_refuse)
    return body


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} isn't a valid number in JSON (RFC 8259, section 6).")


def loads(body: bytes) -> Any:
    """Decode all that `json.loads` takes, UTF-16 too, faster for what RFC 8259 allows.

    Raises:
        ValueError: it isn't JSON, or nested beyond the interpreter's limit.
    """
    try:
        return _read(body)
    except UNREADABLE:
        # The standard module takes more: NaN, lone surrogates, a byte order mark, UTF-16.
        try:
            return json.loads(body)
        except RecursionError:
            raise NestedTooDeeply from None


def why_unreadable(error: BaseException) -> str:
    """What is wrong with a body, in a few words that repeat none of it."""
    if isinstance(error, (RecursionError, NestedTooDeeply)):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8 text"
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at line {error.lineno} column {error.colno}"
    if isinstance(error, msgspec.DecodeError):
        return str(error).removeprefix("JSON is malformed: ")
    return "a number in it is too long"


def media_type(content_type: str) -> str:
    """The type and subtype of a Content-Type value, in lower case, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type means JSON: the subtype is `json` or ends in `+json`.

    Parameters are ignored and case does not matter (CloudEvents JSON format 1.0.2, section 3.1).
    """
    if content_type == JSON_TYPE:
        return True
    subtype = media_type(content_type or "").partition("/")[2]
    return subtype == "json" or subtype.endswith("+json")
