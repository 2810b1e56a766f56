"""The CloudEvents HTTP binding down to plain values: requests to attributes and data.

Sources: CloudEvents 1.0.2 core, its HTTP protocol binding and its JSON event format. The object a
function gets is made in `cloudevents`; encoding is there too.

What is checked: the four required attributes are non-empty strings, the version is known, text is
valid Unicode, the data is what its type says. What is let through, because senders in use rely on
it: attribute names beyond a-z and 0-9 (lower-cased), JSON values of any type in other attributes,
control characters, an empty `subject`, a `time` that isn't a valid timestamp.
"""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from functions_framework.model.fields import REPEATED
from functions_framework.model.json_text import JSON_TYPE, decode_json, is_json, media_type
from functions_framework.runtime.values import NamedTuple

from .header_text import decode_header

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_framework.model.message import Message

REQUIRED = ("id", "source", "specversion", "type")
VERSIONS = ("1.0", "0.3")
STRUCTURED_TYPE = "application/cloudevents+json"
BATCH_TYPE = "application/cloudevents-batch+json"
RESERVED = frozenset({"data", "data_base64"})

FAMILY = "application/cloudevents"
HOW = "Send id, source, specversion and type as ce- headers, or as members of one JSON object."


class RequiredAttributeFault(MalformedRequest):
    """A required attribute is missing or holds what it cannot; the text names which."""


class Mode(Enum):
    """How a request carries its event."""

    BINARY = "attributes in headers, data in the body"
    STRUCTURED = "all in the body, as the Content-Type says"
    UNDECLARED = "no headers, no event type: whatever the body turns out to be"


# To look up a member of an enumeration takes as long as the rest of `mode_of`.
BINARY, UNDECLARED = Mode.BINARY, Mode.UNDECLARED


class Parts(NamedTuple):
    """A CloudEvent before it is an object: `time` is always there, names are lower-case."""

    attributes: dict[str, Any]
    data: Any


def mode_of(message: Message) -> Mode:
    """Tell the mode by Content-Type, then by the four required headers (binding, section 3).

    Raises:
        BatchOfEvents: it is a batch.
        UnsupportedMediaType: it is a batch in another format than JSON.
        MalformedRequest: it is called a batch and isn't a list.
    """
    content_type = message.content_type
    if content_type == STRUCTURED_TYPE:
        return Mode.STRUCTURED
    if content_type and content_type != JSON_TYPE and content_type[:23].lower() == FAMILY:
        family = media_type(content_type)
        if family in {FAMILY, STRUCTURED_TYPE}:
            return Mode.STRUCTURED
        if family in {f"{FAMILY}-batch", BATCH_TYPE}:
            from .batches import batch_of

            raise batch_of(message.body)
        if family.startswith(f"{FAMILY}-batch"):
            raise UnsupportedMediaType(f"Batches are accepted as JSON only ({BATCH_TYPE}).")
    names = message.attributes
    if "specversion" in names and "id" in names and "type" in names and "source" in names:
        return BINARY
    return UNDECLARED


def decode_binary(message: Message) -> Parts:
    """Read an event whose attributes are headers (binding, section 3.1).

    Raises:
        RequiredAttributeFault: a required one is empty or the version unknown.
        MalformedRequest: a header or the data cannot be decoded.
    """
    attributes = header_attributes(message)
    require(attributes)
    return Parts(attributes, body_data(message.body, attributes.get("datacontenttype")))


def header_attributes(message: Message) -> dict[str, Any]:
    """The attributes that headers carry, decoded but not checked, with `time` filled in.

    The Content-Type is `datacontenttype` and beats a `ce-datacontenttype`, which the binding
    forbids. `ce-data` and `ce-data_base64` can be no attributes and are dropped.

    Raises:
        MalformedRequest: one came more than once, or cannot be decoded.
    """
    attributes: dict[str, Any] = {**message.attributes}
    text = "".join(attributes.values())
    if REPEATED in text:
        raise MalformedRequest("The CloudEvent has a ce- header more than once.")
    if "%" in text or '"' in text or not text.isascii():
        attributes = {name: decode_header(value, name) for name, value in attributes.items()}
    if content_type := message.content_type:
        attributes["datacontenttype"] = content_type
    if "time" not in attributes:
        attributes["time"] = now()
    if "data" in attributes or "data_base64" in attributes:
        attributes = {name: value for name, value in attributes.items() if name not in RESERVED}
    return attributes


def body_data(body: bytes, content_type: str | None) -> Any:
    """The data of a body: JSON when its type is JSON, bytes when another; tried when it has none.

    Raises:
        MalformedRequest: the type is JSON and the body is not.
    """
    if not body:
        return None
    if content_type:
        # The comparison spares nearly every event the call.
        is_text = content_type == JSON_TYPE or is_json(content_type)
        return decode_json(body) if is_text else body
    try:
        return decode_json(body)
    except MalformedRequest:
        return body


def require(attributes: Mapping[str, Any]) -> None:
    """Check the four required attributes (CloudEvents core, section 3.1).

    Raises:
        RequiredAttributeFault: one is missing, empty or no string, or the version is unknown.
    """
    identity, source, kind = attributes.get("id"), attributes.get("source"), attributes.get("type")
    if (
        attributes.get("specversion") in VERSIONS
        and identity
        and source
        and kind
        and isinstance(identity, str)
        and isinstance(source, str)
        and isinstance(kind, str)
    ):
        return
    missing = [name for name in REQUIRED if attributes.get(name) is None]
    if missing:
        raise RequiredAttributeFault(
            f"MissingRequiredFields: the CloudEvent has no {' and no '.join(missing)}. {HOW}"
        )
    wrong = [name for name in ("id", "source", "type") if not _is_text(attributes[name])]
    if wrong:
        raise RequiredAttributeFault(
            f"InvalidRequiredFields: {' and '.join(wrong)} must be text that is not empty."
        )
    raise RequiredAttributeFault("InvalidRequiredFields: specversion must be '1.0' (or '0.3').")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def now() -> str:
    """The time of receipt in UTC, for an event that has none."""
    return datetime.now(timezone.utc).isoformat()
