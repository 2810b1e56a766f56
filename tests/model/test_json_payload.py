"""JSON as every event decoder reads it: msgspec, equal to the standard library."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import decode_json, is_json, media_type


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param(b'{"a":1,"a":2}', {"a": 2}, id="duplicate-keys-last-wins"),
        pytest.param(b"18446744073709551616", 2**64, id="beyond-64-bits"),
        pytest.param(b"-9223372036854775809", -(2**63) - 1, id="beyond-64-bits-negative"),
        pytest.param(b"1" * 4000, int("1" * 4000), id="4000-digits"),
        pytest.param(b"[Infinity, -Infinity]", [math.inf, -math.inf], id="infinity-as-in-3.10"),
        pytest.param(b"1e999", math.inf, id="beyond-a-float-as-in-3.10"),
        pytest.param(b'"\\ud800"', "\ud800", id="lone-surrogate-as-in-3.10"),
        pytest.param(b'"\\ud83d\\ude00"', "\U0001f600", id="surrogate-pair"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', {"a": 1}, id="byte-order-mark"),
        pytest.param(b" \t\r\n null \n", None, id="white-space"),
        pytest.param(b"0.1234567890123456789012345", 0.12345678901234568, id="float-rounding"),
    ],
)
def test_reads(text: bytes, value: Any) -> None:
    assert decode_json(text) == value


def test_nan_is_read_as_in_3_10() -> None:
    assert math.isnan(decode_json(b"[NaN]")[0])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(b"", "empty", id="empty"),
        pytest.param(b"{", "line 1, column 2", id="cut-off"),
        pytest.param(b"[1,\n]", "line", id="trailing-comma"),
        pytest.param(b'"\xff"', "byte 1 is not valid UTF-8", id="not-utf-8"),
        pytest.param('{"a":1}'.encode("utf-16"), "UTF-8", id="utf-16"),
        pytest.param('{"a":1}'.encode("utf-16-le"), "not JSON", id="utf-16-without-mark"),
        pytest.param(b"[" * 100_000, "nested too deeply", id="bomb"),
        pytest.param(b"[NaN," + b"[" * 100_000, "nested too deeply", id="bomb-after-nan"),
        pytest.param(b"9" * 5000, "too many digits", id="5000-digits"),
        pytest.param(
            b'"a\x01b"', "Invalid control character at line 1, column 3.", id="control-character"
        ),
        pytest.param(b'["secret", "\\q"]', "Invalid \\escape at line 1, column 13.", id="no-echo"),
    ],
)
def test_refuses_in_one_line(text: bytes, reason: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        decode_json(text)
    message = str(caught.value)
    assert reason in message
    assert "\n" not in message
    assert "secret" not in message
    assert "\\q" not in message


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(_VALUES, st.booleans())
def test_equals_the_standard_library_on_json(value: Any, escape: bool) -> None:
    text = json.dumps(value, ensure_ascii=escape).encode()
    found = decode_json(text)
    assert repr(found) == repr(json.loads(text))


@given(st.binary() | st.text('[]{}",:0123456789.eE+-\\untrfalsNI \n').map(str.encode))
def test_equals_the_standard_library_on_anything(text: bytes) -> None:
    try:
        expected: Any = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        with pytest.raises(MalformedRequest):
            decode_json(text)
    else:
        assert repr(decode_json(text)) == repr(expected)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/json;charset=utf-8", True),
        ("text/json", True),
        ("application/vnd.api+json ; q=1", True),
        ("application/CloudEvents+JSON", True),
        ("application/jsonl", False),
        ("application/json-seq", False),
        ("application/protobuf; type=json", False),
        ("json", False),
        ("text/plain", False),
        ("", False),
    ],
)
def test_json_media_types(content_type: str, expected: bool) -> None:
    assert is_json(content_type) is expected


def test_media_type_drops_parameters_and_case() -> None:
    assert media_type(" Text/Plain ; charset=UTF-8") == "text/plain"
