"""What the host of Azure Functions sends where it does not send on an HTTP request: an invocation.

It is a POST to the function's name with two members: `Data`, by the names of the bindings, the
trigger's first; and `Metadata`, what else the trigger tells. Byte arrays stand in it as base64,
objects and times as they are, all else as JSON inside of text: a message has quotes of its own.

Source: Azure Functions, "Custom handlers", request payload; how values are written was seen on the
public host, 4.x.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.execution import new_execution_id
from functions_framework.model.json_text import decode_json

if TYPE_CHECKING:
    from collections.abc import Mapping

INVOCATION_ID = "x-azure-functions-invocationid"
"""The field of a request that names its invocation."""

_MEMBERS = frozenset({"Data", "Metadata"})


class Invocation(NamedTuple):
    """One invocation.

    Attributes:
        id: its id.
        function: the name of the function, that of its folder.
        inputs: the names of its bindings, the trigger's first.
        value: what triggered it, as it stands in `Data`.
        metadata: what else the trigger tells, decoded.
    """

    id: str
    function: str
    inputs: tuple[str, ...]
    value: Any
    metadata: Mapping[str, Any]

    @property
    def content(self) -> Any:
        """What triggered it: text, bytes, or a JSON value that isn't text."""
        return content_of(self.value)

    @property
    def retries(self) -> int | None:
        """How often it was delivered before; None where nobody counts."""
        counts = [self.metadata.get(name) for name in ("DequeueCount", "DeliveryCount")]
        before = [count - 1 for count in counts if isinstance(count, int)]
        retry = self.metadata.get("RetryContext")
        count = retry.get("RetryCount") if isinstance(retry, dict) else None
        if isinstance(count, int):
            before.append(count)
        return max(0, *before) if before else None


def read(body: bytes, path: str, identity: str | None) -> Invocation | None:
    """The invocation that a request is, None where it is none.

    Args:
        body: of the request.
        path: of its URL.
        identity: its `INVOCATION_ID`.
    """
    if b'"Data"' not in body or b'"Metadata"' not in body:
        return None
    try:
        found = decode_json(body)
    except MalformedRequest:
        return None
    if not isinstance(found, dict) or found.keys() != _MEMBERS:
        return None
    data, metadata = found["Data"], found["Metadata"]
    if not isinstance(data, dict) or not data or not isinstance(metadata, dict):
        return None
    known = {name: plain(value) for name, value in metadata.items()}
    system = known.get("sys")
    drawn = system.get("RandGuid") if isinstance(system, dict) else None
    return Invocation(
        identity or str(drawn or new_execution_id()),
        path.strip("/"),
        tuple(data),
        next(iter(data.values())),
        known,
    )


def plain(value: Any) -> Any:
    """A value of `Metadata`, taken out of the text it may stand in."""
    if not isinstance(value, str):
        return value
    try:
        return decode_json(value.encode())
    except (MalformedRequest, UnicodeEncodeError):
        return value


def content_of(value: Any) -> Any:
    """A value of `Data`: text, bytes, or a JSON value that isn't text.

    Text that isn't JSON is base64 of bytes; text that is neither stands for itself, as in the
    examples of the documentation.
    """
    if not isinstance(value, str):
        return value
    found = plain(value)
    if isinstance(found, (dict, list)) or (isinstance(found, str) and found is not value):
        return found
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return value
