"""The `cloudevent` signature: a request to the one argument of `def function(cloud_event)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events import background, cloudevents
from functions_framework.events.binding import (
    Mode,
    Parts,
    RequiredAttributeFault,
    header_attributes,
    mode_of,
    require,
)
from functions_framework.events.conversion import to_cloud_event
from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import decode_json, is_json
from functions_framework.model.message import EVENT_TAKEN, Reply

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

    from functions_framework.model.function import Function
    from functions_framework.model.message import Message

    from .event_replies import EventReplies


class CloudEventSignature:
    """Called with a `cloudevents.http.CloudEvent`; a result that is an event is the reply.

    Args:
        function: the function, for how its replies are sent.

    Attributes:
        methods: the HTTP methods that reach the function.
    """

    methods = frozenset({"POST"})

    def __init__(self, function: Function) -> None:
        self._function = function
        self._replies: EventReplies | None = None
        if "reply_type" in function.options:  # faults show at start
            self._replies = self._made_replies()

    def decode(self, message: Message) -> tuple[CloudEvent]:
        """Read a CloudEvent, else what can be made into one: see `received`.

        Raises:
            RequestRefused: there is none, or it is malformed.
        """
        try:
            return (cloudevents.decode(message),)
        except MalformedRequest as fault:
            return (_converted(message, fault)[0],)

    def arguments(
        self,
        event: CloudEvent,
        payload: Any,  # noqa: ARG002 - for those who read more than the event
        message: Message,  # noqa: ARG002
    ) -> tuple[CloudEvent]:
        """The function's argument for an event; see `received`."""
        return (event,)

    def encode(self, result: object) -> Reply:
        """The event that was returned as the reply; else that the event was taken.

        Raises:
            ValueError: what was returned is an event that cannot be sent.
        """
        if result is None:
            return EVENT_TAKEN
        if isinstance(result, Reply):
            return result
        return (self._replies or self._made_replies()).encode(result)

    def _made_replies(self) -> EventReplies:
        from .event_replies import EventReplies

        self._replies = EventReplies(self._function)
        return self._replies


def received(message: Message) -> tuple[CloudEvent, Any]:
    """The event of a request, and the decoded body of one that was converted (None for others).

    Background events, Pub/Sub pushes and the requests in `events.webhooks` are converted.

    Raises:
        RequestRefused: there is none, or it is malformed.
    """
    try:
        return cloudevents.decode(message), None
    except MalformedRequest as fault:
        return _converted(message, fault)


def _converted(message: Message, fault: MalformedRequest) -> tuple[CloudEvent, Any]:
    """As `received`; where there is nothing to convert, the fault as a CloudEvent stands."""
    from functions_framework.events import webhooks

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
        from functions_framework.events.unwrapped import is_wrapped, wrapped_again

        if not is_wrapped(payload):
            payload = wrapped_again(message) or payload
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
