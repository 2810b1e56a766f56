"""CloudEvents whose attributes are headers (HTTP binding 3.1)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from functions_framework.events.binding import Mode, mode_of
from functions_framework.events.cloudevents import decode
from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from support.event_messages import EVENT, binary


def test_attributes_are_strings_with_the_content_type_verbatim() -> None:
    event = decode(binary(b'{"a": 1}', "Application/JSON; charset=UTF-8", ext="5", flag="true"))
    assert event.get_attributes() == {
        **EVENT,
        "ext": "5",
        "flag": "true",
        "datacontenttype": "Application/JSON; charset=UTF-8",
    }
    assert event.data == {"a": 1}


@pytest.mark.parametrize("content_type", [None, ""])
def test_no_content_type_is_not_a_datacontenttype(content_type: str | None) -> None:
    assert "datacontenttype" not in decode(binary(b"{}", content_type))


def test_rule_5_the_content_type_beats_a_forbidden_header() -> None:
    event = decode(binary(b"x", "text/plain", datacontenttype="application/json"))
    assert (event["datacontenttype"], event.data) == ("text/plain", b"x")


def test_rule_5_a_forbidden_header_counts_without_content_type() -> None:
    event = decode(binary(b"1", None, datacontenttype="text/plain"))
    assert (event["datacontenttype"], event.data) == ("text/plain", b"1")


def test_rule_17_headers_named_like_data_are_not_attributes() -> None:
    event = decode(binary(b"1", data="x", data_base64="eA=="))
    assert event.get_attributes() == {**EVENT, "datacontenttype": "application/json"}
    assert event.data == 1


@pytest.mark.parametrize(
    ("body", "content_type", "data"),
    [
        pytest.param(b"", "application/json", None, id="empty"),
        pytest.param(b"", "text/plain", None, id="empty-text"),
        pytest.param(b"123", "application/json", 123, id="json"),
        pytest.param(b'"a"', "application/problem+json; charset=utf-8", "a", id="plus-json"),
        pytest.param(b"null", "application/json", None, id="null"),
        pytest.param(b'{"a":1}', None, {"a": 1}, id="no-type-json"),
        pytest.param(b"hello", None, b"hello", id="no-type-no-json"),
        pytest.param(b"\xff", None, b"\xff", id="no-type-no-text"),
        pytest.param(b"[" * 100_000, None, b"[" * 100_000, id="no-type-bomb"),
        pytest.param(b"123", "text/plain", b"123", id="text"),
        pytest.param(b'{"a":1}', "application/octet-stream", b'{"a":1}', id="octets"),
        pytest.param(b'{"a":1}', "application/protobuf", b'{"a":1}', id="protobuf"),
        pytest.param(b"<a/>", "application/cloudevents+xml", b"<a/>", id="rule-2-other-format"),
    ],
)
def test_data(body: bytes, content_type: str | None, data: Any) -> None:
    assert decode(binary(body, content_type)).data == data


def test_bytes_are_not_copied() -> None:
    body = b"x" * 1000
    assert decode(binary(body, "text/plain")).data is body


@pytest.mark.parametrize("body", [b"{", b"hello", b"\xff", b" "])
def test_declared_json_that_does_not_parse_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="not JSON"):
        decode(binary(body, "application/json"))


@pytest.mark.parametrize(
    ("header", "value"),
    [
        pytest.param("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀", id="specification"),
        pytest.param("%e2%82%ac", "€", id="lower-case-hex"),
        pytest.param("%41%2f", "A/", id="needless"),
        pytest.param("%2541", "%41", id="one-round"),
        pytest.param('"quoted text"', "quoted text", id="quoted"),
        pytest.param(r'"a \"b\" \\ c"', r'a "b" \ c', id="backslashes"),
        pytest.param('"%22%E2%82%AC"', '"€', id="quotes-first-then-percent"),
        pytest.param("%22a%22", '"a"', id="encoded-quotes-stay"),
        pytest.param('""', "", id="empty-quotes"),
        pytest.param("100%", "100%", id="stray-percent"),
        pytest.param("50%zz", "50%zz", id="no-hex"),
        pytest.param('say "hi"', 'say "hi"', id="quotes-inside"),
        pytest.param('"open', '"open', id="open-quote"),
        pytest.param('"', '"', id="one-quote"),
        pytest.param("a+b", "a+b", id="plus-is-plus"),
        pytest.param("caf\u00c3\u00a9 %41", "caf\u00e9 A", id="raw-utf-8"),
        pytest.param("\u00e4\u00b8\u00ad", "\u4e2d", id="raw-utf-8-beyond-latin-1"),
        pytest.param('"caf\u00c3\u00a9"', "caf\u00e9", id="raw-utf-8-in-quotes"),
        pytest.param("caf\u00e9", "caf\u00e9", id="raw-latin-1"),
        pytest.param("\u4e2d \u00e9", "\u4e2d \u00e9", id="text-already"),
    ],
)
def test_header_values(header: str, value: str) -> None:
    assert decode(binary(subject=header))["subject"] == value


@pytest.mark.parametrize("header", ["%C0%A0", "%FF", "%E2%82", "%ED%A0%80", "x%C3\u00a9%A9"])
def test_bytes_that_are_not_utf_8_are_refused(header: str) -> None:
    with pytest.raises(MalformedRequest, match="ce-subject header percent-encodes") as caught:
        decode(binary(subject=header))
    assert header not in str(caught.value)


def test_an_extension_is_not_named() -> None:
    with pytest.raises(MalformedRequest, match="header of an extension attribute"):
        decode(binary(secretname="%FF"))


def test_missing_time_is_filled_in() -> None:
    before = datetime.now(timezone.utc)
    filled = datetime.fromisoformat(decode(binary(time=None))["time"])
    assert before <= filled <= datetime.now(timezone.utc)


def test_time_is_not_checked() -> None:
    assert decode(binary(time="yesterday"))["time"] == "yesterday"


@pytest.mark.parametrize("version", ["1.0", "0.3"])
def test_versions(version: str) -> None:
    assert decode(binary(specversion=version))["specversion"] == version


@pytest.mark.parametrize("version", ["1.1", "2.0", "9", "not a version"])
def test_unknown_versions_are_refused(version: str) -> None:
    with pytest.raises(MalformedRequest, match="InvalidRequiredFields: specversion") as caught:
        decode(binary(b"{}", specversion=version))
    assert version not in str(caught.value).replace("'1.0' (or '0.3')", "")


@pytest.mark.parametrize("name", ["id", "source", "type"])
def test_empty_required_attributes_are_refused(name: str) -> None:
    with pytest.raises(MalformedRequest, match=f"InvalidRequiredFields: {name} must"):
        decode(binary(**{name: ""}))


@pytest.mark.parametrize("name", ["id", "source", "type", "specversion"])
@pytest.mark.parametrize("body", [b"", b"hello", b"{}", b"[1]", b'{"name": "john"}'])
def test_missing_headers_are_named(name: str, body: bytes) -> None:
    with pytest.raises(MalformedRequest, match=f"MissingRequiredFields: .* no header ce-{name}"):
        decode(binary(body, **{name: None}))


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        (None, Mode.BINARY),
        ("application/json", Mode.BINARY),
        ("application/cloudevents+avro", Mode.BINARY),
        ("application/cloudevents+json", Mode.STRUCTURED),
        ("Application/CloudEvents+JSON; charset=UTF-8", Mode.STRUCTURED),
        ("application/cloudevents", Mode.STRUCTURED),
    ],
)
def test_rule_1_mode_with_all_headers(content_type: str | None, mode: Mode) -> None:
    assert mode_of(binary(b"", content_type)) is mode


@pytest.mark.parametrize(
    "content_type", ["application/cloudevents-batch+json", "Application/CloudEvents-BATCH; a=b"]
)
def test_batches_are_refused_whatever_the_headers(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="Send each event in a request of its own"):
        decode(binary(b"[]", content_type))
