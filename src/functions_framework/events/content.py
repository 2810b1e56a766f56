"""From attributes and content of AWS services to the CloudEvent, in structured mode.

Content that already is a CloudEvent is handed over as that:

* content that is a JSON object with `specversion`, `id`, `source` and `type` (structured mode);
* content whose carrier has the attributes beside it, `ce-` or `ce_` before their names, at least
  `specversion` (binary mode, after the Kafka protocol binding of CloudEvents 1.0.2, section 3.2).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from functions_framework.exceptions import InvalidPayload, MalformedRequest
from functions_framework.model.json_text import (
    JSON_TYPE,
    UNREADABLE,
    decode_json,
    is_json,
    media_type,
)
from functions_framework.model.message import Message

from .binding import REQUIRED, RESERVED, STRUCTURED_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Beside = Sequence[tuple[str, str]]

_PREFIXES = ("ce-", "ce_")
_NOTHING: dict[str, str] = {}
_NO_ATTRIBUTES = RESERVED | {""}
_TYPE_NAMES = frozenset({"content-type", "content_type", "contenttype"})

_encode = json.JSONEncoder(separators=(",", ":")).encode
# Whether a text is JSON, without decoding it: that is the business of the call.
_scan = msgspec.json.Decoder(msgspec.Raw).decode


def event(
    attributes: Mapping[str, Any],
    data: object,
    fields: Mapping[str, str] | None = None,
) -> Message:
    """The event of a record that is its data.

    Args:
        attributes: of the event; those that are None are left out.
        data: a JSON value.
        fields: header fields of the request that the event is handled as.

    Raises:
        InvalidPayload: it holds what JSON cannot.
    """
    members = {"datacontenttype": JSON_TYPE}
    return _message(attributes, members, f'"data":{_written(data)}', fields)


def carried(
    attributes: Mapping[str, Any],
    content: str | bytes,
    beside: Beside = (),
    fields: Mapping[str, str] | None = None,
) -> Message:
    """The event of a record that carries content: that content, or the CloudEvent that it is.

    Args:
        attributes: of the event where the content isn't one; those that are None are left out.
        content: text or bytes.
        beside: names and texts that came with it, such as message attributes.
        fields: header fields of the request that the event is handled as.

    Raises:
        InvalidPayload: it is declared as JSON and isn't, or is text that UTF-8 cannot carry.
    """
    found = _Content.of(content, beside)
    return found.as_event(fields) or _message(attributes, *found.member(), fields)


def embedded(
    content: str | bytes, beside: Beside = (), fields: Mapping[str, str] | None = None
) -> Message | None:
    """The CloudEvent that content is, or None; arguments and errors as `carried`."""
    return _Content.of(content, beside).as_event(fields)


class _Content(NamedTuple):
    """Content, and what came with it.

    Attributes:
        raw: the content.
        is_text: whether it came as text.
        own: the attributes of the CloudEvent that it is, where it is one in binary mode.
        declared: its type, where something says so.
    """

    raw: bytes
    is_text: bool
    own: Mapping[str, str]
    declared: str | None

    @classmethod
    def of(cls, content: str | bytes, beside: Beside) -> _Content:
        own, declared = _read_beside(beside) if beside else (_NOTHING, None)
        if isinstance(content, bytes):
            return cls(content, is_text=False, own=own, declared=declared)
        try:
            return cls(content.encode(), is_text=True, own=own, declared=declared)
        except UnicodeEncodeError:
            raise InvalidPayload(
                "The content of the record holds half a surrogate pair, which isn't text."
            ) from None

    def as_event(self, fields: Mapping[str, str] | None) -> Message | None:
        """The CloudEvent that it is, or None."""
        if "specversion" in self.own:
            return _message(self.own, *self.member(), fields)
        if _is_cloud_event(self.raw, self.declared):
            return Message(STRUCTURED_TYPE, {}, self.raw, fields=fields or {})
        return None

    def member(self) -> tuple[dict[str, str], str]:
        """It as a member of an event, and the attribute that says what it is."""
        raw, is_text, _, declared = self
        if declared and not is_json(declared):
            is_text = media_type(declared).startswith("text/")
        elif raw and _is_json(raw):
            return {"datacontenttype": declared or JSON_TYPE}, f'"data":{raw.decode()}'
        elif declared and raw:
            raise InvalidPayload("The content of the record is declared as JSON and isn't.")
        if is_text:
            try:
                text = _written(raw.decode())
            except UnicodeDecodeError:
                pass  # in another charset, then
            else:
                return {"datacontenttype": declared or "text/plain"}, f'"data":{text}'
        encoded = base64.b64encode(raw).decode()
        kind = {"datacontenttype": declared or "application/octet-stream"} if raw else {}
        return kind, f'"data_base64":"{encoded}"'


def _read_beside(beside: Beside) -> tuple[dict[str, str], str | None]:
    """The attributes of a CloudEvent, and the type that the content is declared to have."""
    own: dict[str, str] = {}
    declared = None
    for name, value in beside:
        low = name.lower()
        if low in _TYPE_NAMES:
            declared = value or None
        elif low.startswith(_PREFIXES) and low[3:] not in _NO_ATTRIBUTES:
            own[low[3:]] = value
    return own, declared or own.pop("datacontenttype", None)


def _is_cloud_event(raw: bytes, declared: str | None) -> bool:
    if declared and media_type(declared) == STRUCTURED_TYPE:
        return True
    if b'"specversion"' not in raw or not (declared is None or is_json(declared)):
        return False
    try:
        return _is_event(decode_json(raw))
    except MalformedRequest:
        return False


def attributes_of(attributes: object) -> list[tuple[str, str]]:
    """Message attributes, with numbers as text and binary values in base64, as they are sent.

    Args:
        attributes: as SQS has them (`stringValue`), or SNS (`Value`).
    """
    items = attributes.items() if isinstance(attributes, dict) else ()
    members = ("stringValue", "binaryValue", "Value")
    found = []
    for name, value in items:
        given = [value.get(member) for member in members] if isinstance(value, dict) else []
        texts = [one for one in given if isinstance(one, str) and one]
        found += [(name, text) for text in texts[:1]]
    return found


def own_event(value: object) -> Message | None:
    """The CloudEvent that a JSON value is, or None.

    Raises:
        InvalidPayload: it holds what JSON cannot.
    """
    if not _is_event(value):
        return None
    return Message(STRUCTURED_TYPE, {}, _written(value).encode())


def _is_event(value: object) -> bool:
    return isinstance(value, dict) and all(value.get(name) is not None for name in REQUIRED)


def _is_json(raw: bytes) -> bool:
    try:
        _scan(raw)
    except UNREADABLE:
        return False
    return True


def _message(
    attributes: Mapping[str, Any],
    kind: Mapping[str, str],
    member: str,
    fields: Mapping[str, str] | None,
) -> Message:
    members = {"specversion": "1.0", **attributes, **kind}
    head = _written({name: value for name, value in members.items() if value is not None})
    return Message(STRUCTURED_TYPE, {}, f"{head[:-1]},{member}}}".encode(), fields=fields or {})


def _written(value: object) -> str:
    try:
        return _encode(value)
    except (RecursionError, ValueError, TypeError):
        raise InvalidPayload("The record is nested too deeply, or isn't JSON.") from None
