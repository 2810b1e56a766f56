"""The `event` signature: a request to the arguments of `def function(data, context)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events import background, eventarc
from functions_framework.events.binding import (
    REQUIRED,
    Mode,
    Parts,
    body_data,
    header_attributes,
    mode_of,
    require,
)
from functions_framework.events.conversion import (
    has_background_form,
    to_background_event,
    without_mapping,
)
from functions_framework.events.structured import absent_headers, decode_structured
from functions_framework.events.unwrapped import is_wrapped, wrapped_again
from functions_framework.exceptions import MalformedRequest, RequestRefused, UnsupportedMediaType
from functions_framework.model.json_text import decode_json, is_json
from functions_framework.model.message import EVENT_TAKEN, Reply

from .results import taken

if TYPE_CHECKING:
    from functions_framework.events.background import BackgroundEvent
    from functions_framework.model.message import Message
    from google.cloud.functions_v1.context import Context


class EventSignature:
    """Called with the event's data and its `Context`; the result is not sent.

    Attributes:
        methods: the HTTP methods that reach the function.
    """

    methods = frozenset({"POST"})

    def decode(self, message: Message) -> tuple[Any, Context]:
        """Read a background event or Pub/Sub push, or convert a CloudEvent.

        Raises:
            RequestRefused: it isn't one of them, or malformed.
        """
        event = _event_of(message)
        return event.data, event.context()

    def encode(self, result: object) -> Reply:
        """Answer that the event was taken, where that was not answered otherwise already.

        Raises:
            UnsendableError: the function's work isn't done.
        """
        if result is None:
            return EVENT_TAKEN
        return result if isinstance(result, Reply) else taken(result)


def _event_of(message: Message) -> BackgroundEvent:
    mode = mode_of(message)
    if mode is Mode.BINARY:
        return _from_headers(message)
    if mode is Mode.UNDECLARED and not is_json(message.content_type):
        return _published(message, _refusal(message))
    try:
        payload = decode_json(message.body)
    except MalformedRequest as fault:
        return _published(message, fault)
    if _is_cloud_event(payload) or (
        mode is Mode.STRUCTURED and not background.is_background(payload)
    ):
        return _from_parts(decode_structured(payload))
    if not is_wrapped(payload):
        payload = wrapped_again(message) or payload
    elif background.is_push(payload):
        parts = eventarc.event_in(payload)
        if parts is not None:
            return _from_parts(parts)
    return background.decode(payload, message.path)


def _from_parts(parts: Parts) -> BackgroundEvent:
    convert = to_background_event if has_background_form(parts.attributes) else without_mapping
    return convert(parts)


def _published(message: Message, fault: RequestRefused) -> BackgroundEvent:
    """The message that a push subscription has unwrapped.

    Raises:
        RequestRefused: the fault, where it is none.
    """
    payload = wrapped_again(message)
    if payload is None:
        raise fault
    return background.decode(payload, message.path)


def _from_headers(message: Message) -> BackgroundEvent:
    """Read a binary CloudEvent; one of an unknown type keeps its body's bytes, unchecked."""
    attributes = header_attributes(message)
    if not has_background_form(attributes):
        return without_mapping(Parts(attributes, message.body))
    require(attributes)
    data = body_data(message.body, attributes.get("datacontenttype"))
    return to_background_event(Parts(attributes, data))


def _is_cloud_event(payload: object) -> bool:
    return (
        isinstance(payload, dict)
        and "specversion" in payload
        and "context" not in payload
        and all(payload.get(name) is not None for name in REQUIRED)
    )


def _refusal(message: Message) -> RequestRefused:
    fault = absent_headers(message)
    if fault is not None:
        return fault
    found = "another Content-Type" if message.content_type else "no Content-Type"
    return UnsupportedMediaType(
        "A background event is sent as application/json, a CloudEvent with ce- headers or as "
        f"application/cloudevents+json; this request has {found}."
    )
