"""The `cloudevent` signature: a request to the one argument of `def function(cloud_event)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.events import cloudevents
from functions_framework.exceptions import MalformedRequest
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
            UnsendableError: the function's work isn't done.
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
    """As `received`, for what isn't a CloudEvent as it came."""
    from .converted_events import converted  # with the tables of background events

    return converted(message, fault)
