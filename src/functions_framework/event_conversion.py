"""Conversions between event forms for callers that have a request object; see `events`.

A request is anything with `headers`, `get_data()` and `path` as Flask's has them. New code has no
use for this module: functions get their events converted.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from .events import background, cloudevents, conversion
from .events.binding import Mode, decode_binary, header_attributes, mode_of
from .exceptions import EventConversionException, RequestRefused
from .model.json_text import decode_json
from .model.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloudevents.http import CloudEvent

    from google.cloud.functions_v1.context import Context


class Headers(Protocol):
    """What is read of a request's headers."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Names and values."""


class Request(Protocol):
    """What is read of a request."""

    @property
    def headers(self) -> Headers:
        """The headers."""

    @property
    def path(self) -> str:
        """The path of the URL."""

    def get_data(self) -> bytes:
        """The whole body."""


def background_event_to_cloud_event(request: Request) -> CloudEvent:
    """Convert a request with a background event or a Pub/Sub push.

    Raises:
        EventConversionException: it has none, or one that has no CloudEvent form.
    """
    with _refused():
        event = background.decode(decode_json(request.get_data()), request.path)
        return cloudevents.build(conversion.to_cloud_event(event))


def cloud_event_to_background_event(request: Request) -> tuple[Any, Context]:
    """Convert a request with a binary CloudEvent to a background function's two arguments.

    Raises:
        EventConversionException: it has none, or one that has no background form.
    """
    if not is_convertable_cloud_event(request):
        raise EventConversionException(
            "EventConversionException: the request isn't a binary CloudEvent of a type that has a "
            "background event type."
        )
    with _refused():
        event = conversion.to_background_event(decode_binary(_message(request)))
    return event.data, event.context()


def is_convertable_cloud_event(request: Request) -> bool:
    """Whether a request has a binary CloudEvent of a type that has a background event type."""
    message = _message(request)
    try:
        return mode_of(message) is Mode.BINARY and conversion.has_background_form(
            header_attributes(message)
        )
    except RequestRefused:
        return False


def marshal_background_event_data(request: Request) -> Any:
    """The JSON value of a request's body; a Pub/Sub push as `context` and `data`.

    Raises:
        EventConversionException: the body is not JSON, or a push without a message id.
    """
    with _refused():
        payload = decode_json(request.get_data())
        if not (isinstance(payload, dict) and background.is_push(payload)):
            return payload
        event = background.decode(payload, request.path)
    return {
        "context": {
            "eventId": event.event_id,
            "timestamp": event.timestamp,
            "eventType": event.event_type,
            "resource": event.resource,
        },
        "data": event.data,
    }


def _message(request: Request) -> Message:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Message(
        headers.get("content-type"),
        {name[3:]: value for name, value in headers.items() if name.startswith("ce-")},
        request.get_data(),
        request.path,
    )


@contextmanager
def _refused() -> Iterator[None]:
    try:
        yield
    except EventConversionException:
        raise
    except RequestRefused as error:
        raise EventConversionException(f"EventConversionException: {error}") from error
