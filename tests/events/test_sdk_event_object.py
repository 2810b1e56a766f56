"""The object that functions get is the SDK's own, as its constructor would make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cloudevents.http.event
import pytest
from cloudevents.conversion import to_json
from cloudevents.http import CloudEvent

from functions_framework.events.binding import Parts
from functions_framework.events.cloudevents import build, decode
from support.event_messages import EVENT, binary, structured

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def test_equals_what_the_constructor_makes_to_the_last_attribute() -> None:
    """Fails when the SDK stores an event in another way than `build` knows."""
    built, made = build(Parts(dict(EVENT), {"a": 1})), CloudEvent(EVENT, {"a": 1})
    assert built == made
    assert vars(built) == vars(made)
    assert repr(built) == repr(made)


@pytest.mark.parametrize("message", [binary(b'{"a":1}'), structured({"data": {"a": 1}})])
def test_is_the_class_that_users_import(message: Message) -> None:
    assert type(decode(message)) is CloudEvent
    assert type(decode(message)) is cloudevents.http.event.CloudEvent


def test_access() -> None:
    """It is the class that programs name."""
    event = decode(binary(b'{"a":1}', ext="x"))
    assert event["ext"] == event.get("ext") == "x"
    assert event.get("none", "default") == "default"
    assert "ext" in event
    assert "none" not in event
    assert set(event) == {*EVENT, "ext", "datacontenttype"}
    assert len(event) == 7
    assert event.get_data() is event.data
    assert event._get_attributes() == dict(event.get_attributes())
    with pytest.raises(KeyError):
        event["none"]


def test_is_mutable_and_compares_by_value() -> None:
    one, other = decode(binary(b"1")), decode(binary(b"1"))
    assert one == other
    one["ext"] = "x"
    assert one != other
    del one["ext"]
    one.data = 2
    assert one != other
    assert other["id"] == "1"


def test_the_request_is_not_changed() -> None:
    message = binary(b"1", data="x", time=None)
    before = dict(message.attributes)
    event = decode(message)
    event["more"] = "x"
    assert message.attributes == before


def test_the_sdk_can_serialise_it() -> None:
    assert b'"id": "1"' in to_json(decode(binary(b'{"a":1}')))
