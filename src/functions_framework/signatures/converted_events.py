"""Requests that stand for an event without being one, for those who take CloudEvents.

Background events, Pub/Sub pushes and what services send in forms of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events import background, cloudevents, eventarc, webhooks
from functions_framework.events.binding import (
    Mode,
    Parts,
    RequiredAttributeFault,
    header_attributes,
    mode_of,
    require,
)
from functions_framework.events.conversion import to_cloud_event
from functions_framework.events.unwrapped import is_wrapped, wrapped_again
from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import decode_json, is_json

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

    from functions_framework.model.message import Message


def converted(message: Message, fault: MalformedRequest) -> tuple[CloudEvent, Any]:
    """The event of a request that isn't a CloudEvent, and its decoded body (None of a webhook).

    Args:
        message: the request.
        fault: why it isn't a CloudEvent.

    Raises:
        RequestRefused: there is nothing to convert, or it is malformed.
    """
    if "specversion" in message.attributes and _is_encoded(message):
        return _as_it_came(message, fault), None
    found = webhooks.told_by_header(message)
    if found is not None:
        return cloudevents.build(found), None
    payload = _background_payload(message, fault)
    if payload is None or not background.is_push(payload):
        found = webhooks.told_otherwise(message)
        if found is not None:
            return cloudevents.build(found), None
        if not is_wrapped(payload):
            payload = wrapped_again(message) or payload
    else:
        found = eventarc.event_in(payload)
        if found is not None:
            return cloudevents.build(found), None
    if payload is None:
        raise fault
    event = cloudevents.build(to_cloud_event(background.decode(payload, message.path)))
    return event, payload


def _is_encoded(message: Message) -> bool:
    """Whether a body says of itself that it isn't what its type says before it is decoded."""
    if message.attributes.get("datacontentencoding", "").lower() == "base64":  # CloudEvents 0.3
        return True
    return (message.header("content-encoding") or "identity").strip().lower() != "identity"


def _as_it_came(message: Message, fault: MalformedRequest) -> CloudEvent:
    """A binary event with the bytes of its body, whose type is that of what they hold."""
    if mode_of(message) is not Mode.BINARY:
        raise fault
    attributes = header_attributes(message)
    require(attributes)
    return cloudevents.build(Parts(attributes, message.body))


def _background_payload(message: Message, fault: MalformedRequest) -> Any:
    """The body of a background event or a push, None for any other."""
    if not isinstance(fault, RequiredAttributeFault) or not is_json(message.content_type):
        return None
    try:
        payload = decode_json(message.body)
    except MalformedRequest:
        return None
    return payload if background.is_background(payload) else None
