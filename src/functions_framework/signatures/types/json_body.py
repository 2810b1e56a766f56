"""Reading a JSON body for types that are checked: RFC 8259 and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from functions_framework.model.json_text import UNREADABLE, why_unreadable

from ..problems import Fault, InvalidInput, MalformedInput


def read_json(body: bytes) -> Any:
    """Decode what RFC 8259 calls JSON, and nothing else.

    Raises:
        MalformedInput: it isn't JSON.
        InvalidInput: it is, but a number in it is out of range.
    """
    try:
        return msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidInput([Fault((), f"{error}.")]) from None
    except UNREADABLE as error:
        raise MalformedInput(f"The body is not JSON: {why_unreadable(error)}.") from None
