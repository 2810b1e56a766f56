"""Whatever is sent, every event decoder answers with arguments or refuses the request."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions_framework.events import background, tables
from functions_framework.events.cloudevents import decode
from functions_framework.exceptions import RequestRefused
from functions_framework.model.function import Function
from functions_framework.model.message import Message
from functions_framework.signatures.cloud_event import CloudEventSignature
from functions_framework.signatures.event import EventSignature
from support.event_messages import EVENT, NAMES, suite_file

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

FUNCTION = Function(print, "function")

_SECRET = "Bearer-c2VjcmV0"
_TYPES = [
    None,
    "",
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents+avro",
    "application/cloudevents-batch+json",
    "text/plain; charset=utf-16",
    "image/png",
]
_KINDS = [*tables.CLOUD_EVENT_TYPES, *tables.BACKGROUND_TYPES, "t"]
_NAMES = st.sampled_from(
    ["id", "source", "specversion", "type", "time", "subject", "datacontenttype", "data", "eventid"]
) | st.text(max_size=5)
_HEADER = st.text(st.characters(max_codepoint=255), max_size=20) | st.text('%"\\aF0 ', max_size=8)
_KEYS = st.sampled_from(
    [
        *EVENT,
        "subject",
        "datacontenttype",
        "data",
        "data_base64",
        "extensions",
        "context",
        "eventId",
        "timestamp",
        "eventType",
        "resource",
        "domain",
        "message",
        "subscription",
        "messageId",
        "publishTime",
        "attributes",
        "name",
        "service",
        "metadata",
        "uid",
        "kind",
    ]
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([*_KINDS, "1.0", "AQ==", "//s/n", *(f"//{name}/n" for name in tables.SPLITS)])
    | st.just("projects/p/topics/t")
    | st.just("projects/_/buckets/b/objects/o#1")
    | st.just("projects/_/instances/i/refs/r")
    | st.just("firebaseio.com")
    | st.just("\ud800")
)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=8),
    max_leaves=25,
)
_BODIES = st.binary(max_size=60) | _JSON.map(lambda value: json.dumps(value).encode())


def _refusal(read: Callable[[Message], Any], message: Message) -> RequestRefused | None:
    try:
        read(message)
    except RequestRefused as error:
        return error
    return None


def _refusals(message: Message) -> list[RequestRefused]:
    readers = (decode, CloudEventSignature(FUNCTION).decode, EventSignature().decode)
    found = [_refusal(read, message) for read in readers]
    return [error for error in found if error is not None]


def _blames_the_sender_in_one_line(error: RequestRefused) -> bool:
    text = str(error)
    is_one_line = text.isascii() and "\n" not in text
    return 400 <= error.http_status < 500 and is_one_line and _SECRET not in text


@given(st.sampled_from(_TYPES) | st.text(max_size=30), st.dictionaries(_NAMES, _HEADER), _BODIES)
@example("application/json", {}, b'{"context": {"eventId": "\\ud800"}, "data": 1}')
@example("application/json", {}, b'{"eventId": "e", "eventType": {}, "resource": []}')
def test_arbitrary_requests(
    content_type: str | None, attributes: dict[str, str], body: bytes
) -> None:
    for error in _refusals(Message(content_type, attributes, body)):
        assert _blames_the_sender_in_one_line(error)


@given(
    st.sampled_from(_TYPES),
    st.fixed_dictionaries(
        {
            "id": _HEADER,
            "source": _HEADER | st.sampled_from([f"//{name}/n" for name in tables.SPLITS]),
            "type": st.sampled_from(_KINDS),
            "specversion": st.sampled_from(["1.0", "0.3", "9", ""]),
        },
        optional={"subject": _HEADER, "time": _HEADER, "secret": st.just(_SECRET)},
    ),
    _BODIES,
)
def test_arbitrary_binary_events(
    content_type: str | None, attributes: dict[str, str], body: bytes
) -> None:
    for error in _refusals(Message(content_type, attributes, body)):
        assert _blames_the_sender_in_one_line(error)


@given(st.sampled_from(NAMES), st.data())
@pytest.mark.parametrize("form", ["legacy-input", "cloudevent-input"])
def test_suite_events_with_one_part_replaced(form: str, name: str, data: st.DataObject) -> None:
    payload = suite_file(f"{name}-{form}.json")
    part: Any = payload
    while True:
        key = data.draw(st.sampled_from(sorted(part)))
        if isinstance(part[key], dict) and part[key] and data.draw(st.booleans()):
            part = part[key]
            continue
        part[key] = data.draw(_JSON)
        break
    for error in _refusals(Message("application/json", {}, json.dumps(payload).encode())):
        assert _blames_the_sender_in_one_line(error)


@given(_JSON, st.text(max_size=20))
def test_arbitrary_payloads(payload: Any, path: str) -> None:
    with contextlib.suppress(RequestRefused):
        assert isinstance(background.decode(payload, path), background.BackgroundEvent)
