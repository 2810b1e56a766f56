"""Encoding CloudEvents in both modes, and that decoding returns what was encoded."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from cloudevents.http import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.events.cloudevents import decode, encode_binary, encode_structured
from functions_framework.events.header_text import decode_header, encode_header
from functions_framework.model.message import Headers, Message
from support.event_messages import EVENT

pytestmark = pytest.mark.once


def received(headers: Headers, body: bytes) -> Message:
    """What a host makes of headers and body."""
    named = dict(headers)
    attributes = {name[3:]: value for name, value in headers if name.startswith("ce-")}
    return Message(named.get("content-type"), attributes, body)


def _event(attributes: dict[str, Any], data: Any) -> CloudEvent:
    return CloudEvent(attributes, data)


_TEXT = st.text(min_size=1) | st.text('%"\\ €é', min_size=1)
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
_NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20).filter(
    lambda name: name not in {"data", "datacontenttype", "extensions", *EVENT}
)
_PAYLOADS = st.one_of(
    st.tuples(st.none() | st.just("application/json; charset=utf-8"), _JSON),
    st.tuples(st.sampled_from(["text/plain", "image/png"]), st.binary(min_size=1) | st.none()),
)


@st.composite
def _events(draw: st.DrawFn, values: st.SearchStrategy[Any]) -> CloudEvent:
    content_type, data = draw(_PAYLOADS)
    attributes: dict[str, Any] = {
        **draw(st.dictionaries(_NAMES, values, max_size=4)),
        **{name: draw(_TEXT) for name in ("id", "source", "type", "subject", "time")},
        "specversion": draw(st.sampled_from(["1.0", "0.3"])),
    }
    if content_type is not None:
        attributes["datacontenttype"] = content_type
    return CloudEvent(attributes, data)


@given(_events(_TEXT))
def test_binary_round_trip(event: CloudEvent) -> None:
    headers, body = encode_binary(event)
    assert decode(received(headers, body)) == event
    assert all(value.isascii() and value.isprintable() for _, value in headers)


@given(_events(_TEXT | st.booleans() | st.integers(-(2**31), 2**31 - 1)))
def test_structured_round_trip(event: CloudEvent) -> None:
    if event.data == "":
        event.data = None
    assert decode(received(*encode_structured(event))) == event


@given(_events(_TEXT))
def test_both_modes_carry_the_same(event: CloudEvent) -> None:
    if event.data == "":
        event.data = None
    assert decode(received(*encode_binary(event))) == decode(received(*encode_structured(event)))


@given(st.text())
def test_header_round_trip(value: str) -> None:
    encoded = encode_header(value)
    assert decode_header(encoded) == value
    assert all(0x21 <= ord(character) <= 0x7E for character in encoded)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        pytest.param("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80", id="rule-8-specification"),
        pytest.param('"%\x7f\n', "%22%25%7F%0A", id="rule-8-upper-case-hex"),
        pytest.param(
            "!#$&'()*+,/:;<=>?@[]^_`{|}~-.\\", "!#$&'()*+,/:;<=>?@[]^_`{|}~-.\\", id="as-is"
        ),
    ],
)
def test_rule_8_header_values(value: str, encoded: str) -> None:
    assert encode_header(value) == encoded


def test_binary_headers_and_body() -> None:
    event = _event({**EVENT, "datacontenttype": "application/json", "n": 5, "ok": True}, {"a": 1})
    assert encode_binary(event) == (
        [
            ("ce-id", "1"),
            ("ce-source", "//s/a"),
            ("ce-specversion", "1.0"),
            ("ce-type", "t"),
            ("ce-time", "2020-01-01T00:00:00Z"),
            ("ce-n", "5"),
            ("ce-ok", "true"),
            ("content-type", "application/json"),
        ],
        b'{"a":1}',
    )


def test_structured_headers_and_body() -> None:
    headers, body = encode_structured(_event({**EVENT, "n": 5, "gone": None}, {"a": 1}))
    assert headers == [("content-type", "application/cloudevents+json")]
    assert json.loads(body) == {**EVENT, "n": 5, "data": {"a": 1}}


def test_structured_bytes_are_base64() -> None:
    _, body = encode_structured(_event(EVENT, b"\x01\x02"))
    assert json.loads(body) == {**EVENT, "data_base64": "AQI="}


@pytest.mark.parametrize("encode", [encode_binary, encode_structured])
def test_canonical_text_of_datetimes_and_bytes(encode: Any) -> None:
    when = datetime(2020, 1, 2, tzinfo=timezone.utc)
    event = decode(received(*encode(_event({**EVENT, "time": when, "raw": b"\x01"}, None))))
    assert (event["time"], event["raw"]) == ("2020-01-02T00:00:00+00:00", "AQ==")


def test_bytes_without_a_type_arrive_as_bytes() -> None:
    headers, body = encode_binary(_event(EVENT, b"123"))
    assert ("content-type", "application/octet-stream") in headers
    assert decode(received(headers, body)).data == b"123"


def test_text_of_a_type_that_is_not_json_is_sent_as_it_is() -> None:
    _, body = encode_binary(_event({**EVENT, "datacontenttype": "text/plain"}, "é"))
    assert body == "é".encode()


@pytest.mark.parametrize(
    ("attributes", "data", "reason"),
    [
        pytest.param({"id": ""}, None, "InvalidRequiredFields: id", id="empty-id"),
        pytest.param({"source": None}, None, "MissingRequiredFields", id="no-source"),
        pytest.param({"data": "x"}, None, "cannot be called data", id="called-data"),
        pytest.param({}, float("nan"), "not JSON compliant", id="nan"),
        pytest.param({}, {1, 2}, "not JSON", id="set"),
    ],
)
@pytest.mark.parametrize("encode", [encode_binary, encode_structured])
def test_refuses_what_it_cannot_send(
    encode: Any, attributes: dict[str, Any], data: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        encode(_event({**EVENT, **attributes}, data))


@pytest.mark.parametrize(
    ("attributes", "data", "reason"),
    [
        ({"a b": "x"}, None, "cannot be a header"),
        ({"é": "x"}, None, "cannot be a header"),
        ({"ext": [1]}, None, "is a list"),
        ({"ext": 1.5}, None, "is a float"),
        ({"ext": "\ud800"}, None, "surrogates"),
        ({"datacontenttype": "text/plain"}, {"a": 1}, "Data of type dict"),
    ],
)
def test_binary_refuses_what_headers_cannot_carry(
    attributes: dict[str, Any], data: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        encode_binary(_event({**EVENT, **attributes}, data))
