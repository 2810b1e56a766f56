"""Whatever arrives instead of an event of AWS: a fault that names no value, never a crash."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions_framework.exceptions import InvalidPayload, RequestRefused
from functions_framework.hosts.batches import Answered
from functions_framework.hosts.errors import CRASH_REPLY
from functions_framework.model.message import EVENT_TAKEN
from functions_framework.platforms.aws_lambda.batch import (
    EventsFailed,
    answer_of,
    events_of,
    is_ordered,
)
from functions_framework.platforms.aws_lambda.incoming import incoming_of
from functions_framework.platforms.aws_lambda.shapes import shape_of
from functions_framework.signatures.cloud_event import received
from support import aws_events, lambda_calls

pytestmark = pytest.mark.once

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("s3cret\n"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FILES = {name: aws_events.payload(name) for name in aws_events.NAMES}


def places(value: Any, *path: Any) -> list[tuple[Any, ...]]:
    """The paths of all that is in a JSON value."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [path, *[found for name, inner in items for found in places(inner, *path, name)]]


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """A payload with one thing in it replaced or left out."""
    sent = copy.deepcopy(FILES[draw(st.sampled_from(sorted(FILES)))])
    *path, name = draw(st.sampled_from(places(sent)[1:]))
    inner = sent
    for step in path:
        inner = inner[step]
    if draw(st.booleans()):
        inner[name] = draw(VALUES)
    else:
        del inner[name]
    return sent


@settings(max_examples=150, deadline=None)
@example(sent=[*FILES["pipes_kafka"], {"eventSource": []}], is_failed=[])
@given(sent=st.one_of(changed(), VALUES), is_failed=st.lists(st.booleans(), max_size=3))
def test_a_payload_is_read_or_refused(sent: Any, is_failed: list[bool]) -> None:
    try:
        found = events_of(sent)
    except InvalidPayload as error:
        check_told(error)
        return
    for delivery in found:
        if delivery.fault is not None:
            check_told(delivery.fault)
            continue
        try:
            received(delivery.message)
        except RequestRefused as error:
            check_told(error)
    crash, done = Answered(CRASH_REPLY, None, 0.0), Answered(EVENT_TAKEN, None, 0.0)
    outcomes = [crash if failed else done for failed in is_failed][: len(found)]
    every = outcomes + [None] * (len(found) - len(outcomes))
    assert is_ordered(sent) in {True, False}
    with contextlib.suppress(EventsFailed):
        response = answer_of(sent, found, every)
        json.dumps(response)
        identifiers = [
            one["itemIdentifier"] for one in (response or {}).get("batchItemFailures", [])
        ]
        assert all(identifiers)


TEXTS: dict[str, list[Any]] = {
    "http_api_2": ["rawPath", "rawQueryString", "body", ("requestContext", "domainName")],
    "rest_api": ["httpMethod", "path", "body", ("multiValueHeaders", "Accept", 0)],
    "alb": ["httpMethod", "path", "body", ("headers", "accept")],
}


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, places in TEXTS.items() for place in places]
)
@pytest.mark.parametrize("value", [7, True, ["s3cret"], {"a": "s3cret"}])
def test_a_request_of_other_values_is_refused(name: str, place: Any, value: Any) -> None:
    sent = lambda_calls.payload(name)
    *path, last = [place] if isinstance(place, str) else place
    inner: Any = sent
    for step in path:
        inner = inner[step]
    inner[last] = value
    if last == "domainName":
        sent["headers"].pop("host", None)
    with pytest.raises(InvalidPayload) as raised:
        incoming_of(sent, shape_of(sent))
    check_told(raised.value)


def check_told(error: RequestRefused) -> None:
    assert "s3cret" not in str(error)
    assert "\n" not in str(error)
