"""CloudEvents that are one JSON object (JSON format)."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from itertools import product
from typing import Any

import pytest

from functions_framework.events.cloudevents import decode
from functions_framework.events.structured import decode_structured
from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from functions_framework.model.message import CORE_ATTRIBUTES, Message
from support.cloud_event_calls import REQUIRED
from support.event_messages import EVENT, binary, posted, structured


@pytest.mark.parametrize(
    "content_type",
    [
        "application/cloudevents+json",
        "application/cloudevents+json; charset=utf-8",
        "APPLICATION/CLOUDEVENTS+JSON",
        "application/cloudevents",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/cloudevents+avro",
        "",
        None,
    ],
)
def test_is_read_whatever_the_content_type(content_type: str | None) -> None:
    event = decode(structured({"data": {"a": 1}}, content_type))
    assert event.get_attributes() == EVENT
    assert event.data == {"a": 1}


def test_names_are_lower_case_and_json_types_survive() -> None:
    event = decode(
        structured({"Count": 5, "flag": True, "ratio": 0.5, "list": [1], "traceParent": "s"})
    )
    assert event.get_attributes() == {
        **EVENT,
        "count": 5,
        "flag": True,
        "ratio": 0.5,
        "list": [1],
        "traceparent": "s",
    }


@pytest.mark.parametrize("name", ["ID", "Source", "SpecVersion", "SUBJECT", "dataContentType"])
def test_specified_names_in_capitals_are_refused(name: str) -> None:
    members = json.loads(structured().body)
    members[name] = members.pop(name.lower(), "s")
    body = json.dumps(members).encode()
    with pytest.raises(MalformedRequest, match=f"its {name.lower()} in capital letters"):
        decode(structured()._replace(body=body))
    null = json.dumps({**members, name.lower(): None}).encode()
    with pytest.raises(MalformedRequest, match="in capital letters"):
        decode(structured()._replace(body=null))


def test_rule_10_the_body_beats_the_headers() -> None:
    message = binary(b"", None, id="header", ext="header")
    body = structured({"id": "body"})
    event = decode(message._replace(content_type=body.content_type, body=body.body))
    assert event["id"] == "body"
    assert "ext" not in event


def test_rule_11_null_is_absent() -> None:
    event = decode(structured({"subject": None, "extensions": None, "datacontenttype": None}))
    assert event.get_attributes() == EVENT


def test_an_extension_that_is_null_is_there_as_in_3_10() -> None:
    """Debezium sends `iodebeziumxmin` so, and a program may ask for it."""
    event = decode(structured({"iodebeziumxmin": None, "Other": None, "subject": None}))
    assert event.get_attributes() == {**EVENT, "iodebeziumxmin": None, "other": None}


@pytest.mark.parametrize("order", [("myext", "MyExt"), ("MyExt", "myext")])
def test_of_two_spellings_one_that_is_null_is_none(order: tuple[str, str]) -> None:
    null, named = order
    assert decode(structured({null: None, named: "x"}))["myext"] == "x"
    with pytest.raises(MalformedRequest, match="in small and in capital letters"):
        decode(structured({null: "y", named: "x"}))


def test_null_time_is_filled_in() -> None:
    before = datetime.now(timezone.utc)
    assert before <= datetime.fromisoformat(decode(structured({"time": None}))["time"])


def test_extensions_are_flattened() -> None:
    event = decode(structured({"extensions": {"A": 1, "id": "other", "b": None}}))
    assert event.get_attributes() == {**EVENT, "a": 1, "b": None}


def test_extensions_that_is_not_an_object_is_an_attribute() -> None:
    assert decode(structured({"extensions": "x"}))["extensions"] == "x"


LONG = bytes(range(256))


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    ("members", "data"),
    [
        pytest.param({}, None, id="rule-14-absent"),
        pytest.param({"data": None}, None, id="rule-14-null"),
        pytest.param({"data": ""}, None, id="empty-string"),
        pytest.param({"data": 0}, 0, id="zero"),
        pytest.param({"data": False}, False, id="false"),
        pytest.param({"data": '{"a":1}'}, '{"a":1}', id="rule-13-a-string-stays-one"),
        pytest.param(
            {"data": "1", "datacontenttype": "application/json"}, "1", id="rule-13-json-string"
        ),
        pytest.param({"data": "x", "datacontenttype": "text/plain"}, "x", id="rule-13-text"),
        pytest.param({"data": {"a": 1}, "datacontenttype": "text/xml"}, {"a": 1}, id="kept-value"),
        pytest.param({"data_base64": _base64(b"\x00\xff")}, b"\x00\xff", id="rule-12-bytes"),
        pytest.param({"data_base64": _base64(b"{}")}, b"{}", id="rule-12-no-type-no-json"),
        pytest.param(
            {"data_base64": _base64(b'{"a":1}'), "datacontenttype": "application/json"},
            {"a": 1},
            id="rule-12-json",
        ),
        pytest.param(
            {"data_base64": _base64(b"12"), "datacontenttype": "text/plain"}, b"12", id="text"
        ),
        pytest.param({"data_base64": ""}, None, id="rule-12-empty"),
        pytest.param(
            {"data_base64": base64.encodebytes(LONG).decode()}, LONG, id="lines-as-in-3.10"
        ),
        pytest.param({"data_base64": "AQ\r\n==\r\n"}, b"\x01", id="lines-of-windows"),
        pytest.param({"data_base64": None, "data": 1}, 1, id="null-base64-is-absent"),
        pytest.param({"data_base64": "AQ==", "data": None}, b"\x01", id="null-data-is-absent"),
    ],
)
def test_data(members: dict[str, Any], data: Any) -> None:
    assert decode(structured(members)).data == data


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param({"data": 1, "data_base64": "AQ=="}, "both data and data_base64", id="both"),
        pytest.param({"data_base64": "AQ"}, "padded base64", id="unpadded"),
        pytest.param({"data_base64": "A*=="}, "not valid base64", id="alphabet"),
        pytest.param({"data_base64": "-_-_"}, "not valid base64", id="url-alphabet"),
        pytest.param({"data_base64": "AQ=\n"}, "padded base64", id="line-break"),
        pytest.param({"data_base64": "A Q= ="}, "padded base64", id="blanks"),
        pytest.param({"data_base64": "AQI "}, "not valid base64", id="blank"),
        pytest.param({"data_base64": "AA==AA=="}, "not valid base64", id="padding-inside"),
        pytest.param({"data_base64": "A==="}, "not valid base64", id="padding-only"),
        pytest.param({"data_base64": "é==="}, "not valid base64", id="not-ascii"),
        pytest.param({"data_base64": 5}, "padded base64", id="number"),
        pytest.param({"data_base64": {}}, "padded base64", id="object"),
        pytest.param(
            {"data_base64": "ew==", "datacontenttype": "application/json"}, "not JSON", id="base64"
        ),
        pytest.param({"datacontenttype": 5}, "datacontenttype must be a string", id="type-number"),
        pytest.param({"Data": 1}, "cannot be called data", id="rule-17-data"),
        pytest.param({"subject": "\ud800"}, "half a surrogate pair", id="rule-17-surrogate"),
        pytest.param({"n\udc00": "x"}, "half a surrogate pair", id="rule-17-surrogate-name"),
    ],
)
def test_malformed_is_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        decode(structured(members))


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
def test_missing_and_null_required_attributes(name: str) -> None:
    """Both are MissingRequiredFields."""
    for message in (structured(without=(name,)), structured({name: None})):
        with pytest.raises(MalformedRequest, match=f"MissingRequiredFields: .* no {name}"):
            decode(message)


@pytest.mark.parametrize("name", ["id", "source", "type"])
@pytest.mark.parametrize("value", ["", 5, True, [], {}, 0])
def test_required_attributes_are_text(name: str, value: Any) -> None:
    with pytest.raises(MalformedRequest, match=f"InvalidRequiredFields: {name} must be text"):
        decode(structured({name: value}))


@pytest.mark.parametrize("version", ["1.1", "2.0", "", 1.0, 1, ["1.0"], {"1.0": 1}])
def test_unknown_versions_are_refused(version: Any) -> None:
    with pytest.raises(MalformedRequest, match="InvalidRequiredFields: specversion"):
        decode(structured({"specversion": version}))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"hello", id="text"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
        pytest.param(b"[" * 100_000, id="bomb"),
        pytest.param(b"{}", id="empty-object"),
        pytest.param(b'{"a":1}', id="other-object"),
    ],
)
@pytest.mark.parametrize(
    "content_type", ["application/cloudevents+json", "application/json", "text/plain", None]
)
def test_no_event_is_missing_fields_whatever_the_type(
    body: bytes, content_type: str | None
) -> None:
    with pytest.raises(MalformedRequest, match=r"^MissingRequiredFields: ") as caught:
        decode(posted(body, content_type=content_type))
    assert caught.value.http_status == 400
    assert "\n" not in str(caught.value)


def test_four_headers_and_a_garbage_structured_body() -> None:
    with pytest.raises(MalformedRequest, match="the body holds no CloudEvent"):
        decode(binary(b"garbage", "application/cloudevents+json"))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [([], "an array"), ([EVENT], "an array"), ("x", "a single value"), (5, "a single value")],
)
def test_other_json_values_are_refused(payload: Any, reason: str) -> None:
    with pytest.raises(MalformedRequest, match=reason):
        decode(posted(payload))


def test_rule_2_other_formats_are_unsupported() -> None:
    with pytest.raises(UnsupportedMediaType, match="application/cloudevents\\+json"):
        decode(Message("application/cloudevents+avro", {}, b"\x00Obj"))


def _outcome(payload: dict[str, Any]) -> Any:
    try:
        attributes, data = decode_structured(payload)
    except MalformedRequest as fault:
        return type(fault), str(fault)
    return {name: value for name, value in attributes.items() if name != "time"}, data


_NAMES = (*CORE_ATTRIBUTES, "data", "data_base64")
_VALUES: list[Any] = [None, "", "x", "1.0", "\xe9", "\ud800", 1, True, [], {}]


@pytest.mark.parametrize("absent", ["", *REQUIRED])
def test_an_extension_changes_nothing_else(absent: str) -> None:
    """Events of usual members only are read in a shorter way."""
    changes = product(_NAMES, _VALUES)
    for first, second in product([*changes], repeat=2):
        payload = {**REQUIRED, **dict([first, second])}
        payload.pop(absent, None)
        expected = _outcome({**payload, "more": "x"})
        if isinstance(expected[0], dict):
            expected[0].pop("more")
        assert _outcome(payload) == expected, payload
