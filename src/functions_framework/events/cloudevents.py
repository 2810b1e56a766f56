"""The CloudEvents HTTP binding both ways, with the SDK's own event class; the only user of it.

Decoding is `binding` plus the object. Encoding is here: `decode(encode(event)) == event` in both
modes for what a mode can express. It cannot express: in binary mode attributes that aren't text
(they arrive as their canonical text, CloudEvents core section 2.4) and text data of a type that is
not JSON (it arrives as bytes); in structured mode the empty string as data (it arrives as None).
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions_framework.model.json_text import is_json
from functions_framework.runtime.unrun_packages import packages_unrun

from .binding import (
    BATCH_TYPE,
    BINARY,
    RESERVED,
    STRUCTURED_TYPE,
    VERSIONS,
    Parts,
    RequiredAttributeFault,
    body_data,
    header_attributes,
    mode_of,
    require,
)
from .header_text import encode_header
from .structured import decode_structured, read_structured

# Beside the event's class the package holds another binding, which takes longer to import.
with packages_unrun("cloudevents.http"):
    from cloudevents.http.event import CloudEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudevents.abstract import CloudEvent as AnyCloudEvent

    from functions_framework.model.message import Headers, Message

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_new = CloudEvent.__new__


def build(parts: Parts) -> CloudEvent:
    """Make the SDK's object of a checked event.

    Its constructor checks and copies everything once more; going around it takes a tenth of the
    time. A test compares the result with what the constructor makes.
    """
    return _make(*parts)


def _make(attributes: dict[str, Any], data: object) -> CloudEvent:
    event = _new(CloudEvent)
    event._attributes = attributes  # noqa: SLF001 - see `build`
    event.data = data
    return event


def event_of(argument: Any) -> Any:
    """The CloudEvent of what a function is called with: itself, or what a value was made of.

    Of a list it is the list of these.
    """
    if isinstance(argument, list):
        return [event_of(item) for item in argument]
    return getattr(argument, "cloud_event", argument)


def decode(message: Message) -> CloudEvent:
    """Read the CloudEvent of a request, in binary or structured mode.

    Raises:
        RequestRefused: there is none, or it is malformed; see `binding`.
    """
    if mode_of(message) is BINARY:
        # As `decode_binary`, whose `Parts` would take a tenth of the time to make and to open.
        attributes = header_attributes(message)
        if not (
            attributes["id"]
            and attributes["source"]
            and attributes["type"]
            and attributes["specversion"] in VERSIONS
        ):
            require(attributes)  # says which; of headers all are there, and text
        return _make(attributes, body_data(message.body, attributes.get("datacontenttype")))
    attributes, data = decode_structured(read_structured(message))
    return _make(attributes, data)


def encode_binary(event: AnyCloudEvent) -> tuple[Headers, bytes]:
    """Make headers and body of an event in binary mode (binding, section 3.1).

    Bytes without a `datacontenttype` are sent as `application/octet-stream`, or a receiver could
    take them for JSON.

    Raises:
        ValueError: the event lacks a required attribute, or holds what headers or its
            `datacontenttype` cannot carry.
    """
    attributes = _checked(event)
    headers: Headers = []
    for name, value in attributes.items():
        if name == "datacontenttype":
            continue
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} cannot be a header; name attributes with a-z and 0-9.")
        headers.append((f"ce-{name}", encode_header(_canonical(value, name))))
    declared, data = attributes.get("datacontenttype"), event.get_data()
    body = _body(data, declared)
    if not declared and isinstance(data, bytes) and data:
        declared = "application/octet-stream"
    if declared:
        headers.append(("content-type", declared))
    return headers, body


def encode_structured(event: AnyCloudEvent) -> tuple[Headers, bytes]:
    """Make headers and body of an event in structured mode (JSON format, section 3).

    Raises:
        ValueError: the event lacks a required attribute, or holds what JSON cannot.
    """
    members: dict[str, Any] = {}
    for name, value in _checked(event).items():
        is_scalar = isinstance(value, (bytes, datetime))
        members[name] = _canonical(value, name) if is_scalar else value
    data = event.get_data()
    if isinstance(data, bytes):
        members["data_base64"] = base64.b64encode(data).decode()
    elif data is not None:
        members["data"] = data
    return [("content-type", STRUCTURED_TYPE)], _json(members)


def encode_batch(events: Iterable[AnyCloudEvent]) -> tuple[Headers, bytes]:
    """Make headers and body of a batch (HTTP binding, section 3.3; JSON format, section 4).

    Raises:
        ValueError: one of the events cannot be sent.
    """
    members = b",".join(encode_structured(event)[1] for event in events)
    return [("content-type", BATCH_TYPE)], b"[%b]" % members


def _checked(event: AnyCloudEvent) -> dict[str, Any]:
    attributes = {
        name: value for name, value in event.get_attributes().items() if value is not None
    }
    try:
        require(attributes)
    except RequiredAttributeFault as fault:
        raise ValueError(str(fault)) from None
    if not RESERVED.isdisjoint(attributes):
        raise ValueError("A CloudEvent's attribute cannot be called data or data_base64.")
    return attributes


def _canonical(value: object, name: str) -> str:
    """The canonical text of an attribute's value (core, section 2.4)."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    raise ValueError(
        f"The attribute {name!r} is a {type(value).__name__}; headers carry text, "
        "booleans, integers, bytes and datetimes."
    )


def _body(data: object, content_type: str | None) -> bytes:
    if data is None:
        return b""
    if isinstance(data, bytes):
        return data
    if not content_type or is_json(content_type):
        return _json(data)
    if isinstance(data, str):
        return data.encode()
    raise ValueError(
        f"Data of type {type(data).__name__} cannot be sent as the event's datacontenttype. "
        "Encode it to bytes, or declare application/json."
    )


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    except TypeError as error:
        raise ValueError(f"The event is not JSON: {error}.") from error
