"""The `cloudevent` signature: a request to the one argument of `def function(cloud_event)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events import background, cloudevents
from functions_framework.events.binding import RequiredAttributeFault
from functions_framework.events.conversion import to_cloud_event
from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import decode_json, is_json
from functions_framework.model.message import EVENT_TAKEN

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

    from functions_framework.model.message import Message, Reply


class CloudEventSignature:
    """Called with a `cloudevents.http.CloudEvent`; the result is not sent.

    Attributes:
        methods: the HTTP methods that reach the function.
    """

    methods = frozenset({"POST"})

    def decode(self, message: Message) -> tuple[CloudEvent]:
        """Read a CloudEvent, else a background event or Pub/Sub push and convert it.

        Raises:
            RequestRefused: it is neither, or malformed.
        """
        try:
            return (cloudevents.decode(message),)
        except RequiredAttributeFault as fault:
            return (_from_background(message, fault),)

    def encode(self, result: Any) -> Reply:  # noqa: ARG002 - every signature takes it
        """Answer that the event was taken."""
        return EVENT_TAKEN


def _from_background(message: Message, fault: RequiredAttributeFault) -> CloudEvent:
    """Convert a background event; where there is none, the fault as a CloudEvent stands."""
    if not is_json(message.content_type or ""):
        raise fault
    try:
        payload = decode_json(message.body)
    except MalformedRequest:
        raise fault from None
    if not background.is_background(payload):
        raise fault
    return cloudevents.build(to_cloud_event(background.decode(payload, message.path)))
