"""The events that a function returns, as the response to the event it was called with.

A sender that asks for replies (a Knative trigger or channel: data plane contract, "Event reply")
takes a 2xx response that is a CloudEvent for the reply. A result that isn't an event gets the usual
response, whose text no sender mistakes for an event.
"""

from __future__ import annotations

import base64
import json
import sys
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.json_text import media_type
from functions_framework.model.message import JSON, Message, Reply

from .batches import batch_of
from .binding import BATCH_TYPE, STRUCTURED_TYPE, now

if TYPE_CHECKING:
    from cloudevents.abstract import CloudEvent


class ReplyForm(NamedTuple):
    """How a function's replies are sent, and what is filled in where it says nothing.

    Attributes:
        source: their `source`.
        type: the `type` of a result that isn't an event, None where only events are replies.
        is_structured: whether a single event is sent as one JSON object instead of in headers.
    """

    source: str
    type: str | None = None
    is_structured: bool = False


def events_in(result: object, form: ReplyForm) -> list[CloudEvent] | None:
    """The events that a result holds, None where it is none.

    An event is an object of the CloudEvents SDK, or a dict with a `type` and, beside it, a
    `source`, a `specversion` or data; several stand in a list. Of a tuple with a status or headers,
    as HTTP functions return, the event counts. What it lacks of `id`, `source`, `time` and
    `specversion` is filled in.

    Raises:
        ValueError: a dict says that it is an event, and has no type; or a list holds an event and
            something else.
    """
    if isinstance(result, (list, tuple)):
        found = [_event(item, form) for item in result]
        if not any(found):
            return None
        first, *others = found
        if isinstance(result, tuple) and first is not None and not any(others):
            return [first]
        if not all(found):
            raise ValueError("The function returned a list that holds events and something else.")
        return [event for event in found if event is not None]
    event = _event(result, form)
    return None if event is None else [event]


def encode(result: object, events: list[CloudEvent], form: ReplyForm) -> Reply:
    """The response with the events of a result; a list of them is a batch, even of one.

    Raises:
        ValueError: an event holds what cannot be sent.
    """
    from . import cloudevents

    # Of a tuple that holds less than it has items, a status or headers are the others.
    if isinstance(result, (list, tuple)) and len(result) == len(events):
        headers, body = cloudevents.encode_batch(events)
    elif form.is_structured:
        headers, body = cloudevents.encode_structured(events[0])
    else:
        headers, body = cloudevents.encode_binary(events[0])
        if body and not any(name == "content-type" for name, _ in headers):
            headers.append(JSON)  # or nothing would say so
    return Reply(200, headers, body)


def sent_in(reply: Reply) -> bytes:
    """The events that a response carries as members of a JSON array, empty where it has none."""
    if not isinstance(reply.body, bytes):
        return b""
    body = reply.body
    headers = {name.lower(): value for name, value in reply.headers}
    content_type = headers.get("content-type")
    family = media_type(content_type or "")
    if family == STRUCTURED_TYPE:
        return body
    if family == BATCH_TYPE:
        return body[1:-1]
    if "ce-specversion" not in headers:
        return b""
    from . import cloudevents

    attributes = {name[3:]: value for name, value in headers.items() if name[:3] == "ce-"}
    event = cloudevents.decode(Message(content_type, attributes, body))
    return cloudevents.encode_structured(event)[1]


def received_in(
    status: int, headers: list[tuple[str, str]], body: bytes, more: list[bytes]
) -> list[CloudEvent]:
    """The events of a response as its receiver has them.

    Args:
        status: of the response.
        headers: names and values.
        body: the whole body.
        more: further ones, each in the JSON format.
    """
    members = sent_in(Reply(status, headers, body))
    if not members and not more:
        return []
    from . import cloudevents

    listed = batch_of(b"[%b]" % b",".join(filter(None, [members, *more]))).events
    return [cloudevents.decode(Message(STRUCTURED_TYPE, {}, event)) for event in listed]


def of_data(body: bytes, content_type: str, form: ReplyForm) -> CloudEvent:
    """The event of a result that is data, under the form's type."""
    from cloudevents.http import CloudEvent

    data: Any = json.loads(body) if content_type == "application/json" else body
    attributes = {"type": form.type, "datacontenttype": content_type}
    return _filled(CloudEvent, attributes, data, form)


def _event(value: object, form: ReplyForm) -> CloudEvent | None:
    if isinstance(value, dict):
        return _of_dict(value, form) if _is_event(value) else None
    sdk = sys.modules.get("cloudevents.abstract")
    return value if sdk is not None and isinstance(value, sdk.CloudEvent) else None


def _is_event(value: dict[Any, Any]) -> bool:
    return "specversion" in value or (
        isinstance(value.get("type"), str)
        and not {"source", "data", "data_base64"}.isdisjoint(value)
    )


def _of_dict(value: dict[str, Any], form: ReplyForm) -> CloudEvent:
    from cloudevents.http import CloudEvent

    attributes = dict(value)
    data = attributes.pop("data", None)
    encoded = attributes.pop("data_base64", None)
    if encoded is not None:
        data = base64.b64decode(encoded)
    if not attributes.get("type"):
        raise ValueError(
            "The event that the function returned has no type. "
            "Give it one, such as 'com.example.order.created'."
        )
    return _filled(CloudEvent, attributes, data, form)


def _filled(kind: Any, attributes: dict[str, Any], data: Any, form: ReplyForm) -> CloudEvent:
    made = {"specversion": "1.0", "id": str(uuid.uuid4()), "source": form.source, "time": now()}
    given = {name: value for name, value in attributes.items() if value is not None}
    event: CloudEvent = kind({**made, **given}, data)
    return event
