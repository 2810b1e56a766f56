"""The `cloudevent` signature: a request to the one argument of `def function(cloud_event)`."""

from __future__ import annotations

from typing import Any

from cloudevents.http import CloudEvent

from ..events import background
from ..events.binding import (
    Mode,
    Parts,
    RequiredAttributeFault,
    decode_binary,
    decode_structured,
    mode_of,
    read_structured,
)
from ..events.cloudevents import build
from ..events.conversion import to_cloud_event
from ..events.payload import decode_json, is_json
from ..message import HTML, Message, Reply


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
        if mode_of(message) is Mode.BINARY:
            try:
                return (build(decode_binary(message)),)
            except RequiredAttributeFault as fault:
                return (build(_converted(message, fault)),)
        payload = read_structured(message)
        try:
            return (build(decode_structured(payload)),)
        except RequiredAttributeFault as fault:
            return (build(_converted(message, fault, payload)),)

    def encode(self, result: Any) -> Reply:  # noqa: ARG002 - every signature takes it
        """Answer that the event was taken."""
        return Reply(200, [HTML], b"OK")


def _converted(message: Message, fault: RequiredAttributeFault, payload: Any = None) -> Parts:
    """The event as a background event, if it is one; else its fault as a CloudEvent stands."""
    if not is_json(message.content_type or ""):
        raise fault
    if payload is None:
        payload = decode_json(message.body)
    if not background.is_background(payload):
        raise fault
    return to_cloud_event(background.decode(payload, message.path))
