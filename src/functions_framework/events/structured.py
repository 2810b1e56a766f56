"""Events in structured mode: a JSON object to attributes and data (JSON event format, 3)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from functions_framework.model.json_text import decode_json, media_type
from functions_framework.model.message import CORE_ATTRIBUTES, tuple_of

from .binding import (
    FAMILY,
    HOW,
    REQUIRED,
    STRUCTURED_TYPE,
    VERSIONS,
    Parts,
    RequiredAttributeFault,
    body_data,
    now,
    require,
)

if TYPE_CHECKING:
    from functions_framework.model.message import Message


_USUAL = frozenset({*CORE_ATTRIBUTES, "data"})
_ABSENT_IF_NULL = frozenset({*CORE_ATTRIBUTES, "extensions"})


def read_structured(message: Message) -> Any:
    """The JSON value of a body that should be one event in structured mode.

    Raises:
        UnsupportedMediaType: the type says another event format than JSON.
        RequiredAttributeFault: there is no JSON, or it is the data of an event some of whose
            required headers are absent.
    """
    try:
        payload = decode_json(message.body)
    except MalformedRequest as error:
        declared = media_type(message.content_type or "")
        if declared.startswith(f"{FAMILY}+") and declared != STRUCTURED_TYPE:
            raise UnsupportedMediaType(
                f"The only event format accepted is JSON ({STRUCTURED_TYPE})."
            ) from None
        raise absent_headers(message) or RequiredAttributeFault(
            f"MissingRequiredFields: the body holds no CloudEvent. {error} {HOW}"
        ) from None
    if message.attributes and not (isinstance(payload, dict) and "specversion" in payload):
        fault = absent_headers(message)
        if fault is not None:
            raise fault
    return payload


def absent_headers(message: Message) -> RequiredAttributeFault | None:
    """The fault of a request with some of the four required headers but not all."""
    absent = [f"ce-{name}" for name in REQUIRED if name not in message.attributes]
    if len(absent) in {0, len(REQUIRED)}:
        return None
    return RequiredAttributeFault(
        f"MissingRequiredFields: the CloudEvent has no header {' and no '.join(absent)}."
    )


def decode_structured(payload: object) -> Parts:
    """Make an event of a body's JSON value (JSON format, section 3).

    A null attribute of the specification counts as absent; an extension that is null is None, as in
    3.10. The members of an `extensions` object are attributes.

    Raises:
        RequiredAttributeFault: a required attribute is missing, or not a non-empty string.
        MalformedRequest: the value isn't an object, has two attributes of one name, or its data
            cannot be decoded.
    """
    if type(payload) is dict and (found := _plain(payload)) is not None:
        return found
    if not isinstance(payload, dict):
        kind = "an array (a batch?)" if isinstance(payload, list) else "a single value"
        raise MalformedRequest(f"A CloudEvent is one JSON object; the body is {kind}.")
    attributes = _members(payload)
    if "extensions" in attributes:
        _add_extensions(attributes)
    require(attributes)
    _check_members(attributes)
    if "time" not in attributes:
        attributes["time"] = now()
    data = _structured_data(payload, attributes.get("datacontenttype"))
    return tuple_of(Parts, (attributes, data))


def _plain(payload: dict[str, Any]) -> Parts | None:
    """Make an event of its usual members with ASCII text, None where it isn't one.

    That leaves nothing to be checked name by name, which takes twice the time.
    """
    if not _USUAL.issuperset(payload):
        return None
    attributes = payload.copy()
    data = attributes.pop("data", None)
    try:
        is_ascii = "".join(attributes.values()).isascii()
        is_whole = attributes["id"] and attributes["source"] and attributes["type"]
        is_known = attributes["specversion"] in VERSIONS
    except (KeyError, TypeError):
        return None
    if not (is_ascii and is_whole and is_known):
        return None
    if "time" not in attributes:
        attributes["time"] = now()
    return tuple_of(Parts, (attributes, None if data == "" else data))


def _members(payload: dict[str, Any]) -> dict[str, Any]:
    """The members that are attributes, by lower-case name."""
    members = payload.copy()
    members.pop("data", None)
    members.pop("data_base64", None)
    if None in members.values():
        members = {name: value for name, value in members.items() if _is_there(name, value)}
    names = "".join(members)
    if names == names.lower():
        return members
    attributes = {name.lower(): value for name, value in members.items()}
    if len(members) != len(attributes):  # of two, one that is null is none (JSON format, 2.4)
        members = {name: value for name, value in members.items() if value is not None}
        attributes = {name.lower(): value for name, value in members.items()}
    _check_capitals(members, attributes)
    return attributes


def _add_extensions(attributes: dict[str, Any]) -> None:
    extensions = attributes["extensions"]
    if isinstance(extensions, dict):
        del attributes["extensions"]
        for name, value in extensions.items():
            if _is_there(name, value):
                attributes.setdefault(name.lower(), value)


def _is_there(name: str, value: object) -> bool:
    return value is not None or name.lower() not in _ABSENT_IF_NULL


def _check_capitals(members: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Refuse capital letters but in names of extensions, which 3.10 took for small ones."""
    if len(members) != len(attributes):
        raise MalformedRequest("The CloudEvent has an attribute in small and in capital letters.")
    for name in CORE_ATTRIBUTES:
        if name in attributes and name not in members:
            raise MalformedRequest(
                f"The CloudEvent has its {name} in capital letters: names of attributes are "
                "lower-case (CloudEvents 1.0, section 3.1)."
            )


def _check_members(attributes: dict[str, Any]) -> None:
    if "data" in attributes or "data_base64" in attributes:
        raise MalformedRequest("A CloudEvent's attribute cannot be called data or data_base64.")
    if not isinstance(attributes.get("datacontenttype", ""), str):
        raise MalformedRequest("The CloudEvent's datacontenttype must be a string.")
    try:
        text = "".join([*attributes, *attributes.values()])
    except TypeError:  # some are other JSON values
        texts = [item for item in attributes.values() if isinstance(item, str)]
        text = "".join([*attributes, *texts])
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedRequest(
            "An attribute of the CloudEvent holds half a surrogate pair, which isn't text."
        ) from None


def _structured_data(payload: dict[str, Any], content_type: str | None) -> Any:
    data, encoded = payload.get("data"), payload.get("data_base64")
    if encoded is None:
        return None if data == "" else data
    if data is not None:
        raise MalformedRequest("The CloudEvent has both data and data_base64; send only one.")
    if isinstance(encoded, str) and "\n" in encoded:  # MIME's form, as some encoders write it
        encoded = "".join(encoded.split())
    if not isinstance(encoded, str) or len(encoded) % 4:
        raise MalformedRequest("The CloudEvent's data_base64 is not a string of padded base64.")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise MalformedRequest("The CloudEvent's data_base64 is not valid base64.") from None
    # Without a type nothing says that it is JSON (JSON format, section 3.1.1).
    return body_data(raw, content_type) if content_type else raw or None
