"""A typed function's signature, and what it makes of a body."""

from __future__ import annotations

import json
from typing import Any

from functions_framework.model.message import Message
from functions_framework.signatures.typed import TypedSignature


def signature_of(annotation: Any) -> TypedSignature:
    """The signature of a function that takes a value of this type."""

    def function(value) -> None: ...  # type: ignore[no-untyped-def]

    return TypedSignature(function, annotation)


def decoded(annotation: Any, data: Any) -> Any:
    """The value that such a function gets for data that is sent as JSON."""
    message = Message("application/json", {}, json.dumps(data).encode())
    (value,) = signature_of(annotation).decode(message)
    return value
