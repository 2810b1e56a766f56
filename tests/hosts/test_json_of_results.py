"""JSON of results and bodies: the encoder that all calls share, and what reads for Flask."""

from __future__ import annotations

import json
import sys
from typing import Any

import flask
import pytest
from flask.json.provider import DefaultJSONProvider
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.hosts.with_flask.json_provider import JSONProvider
from functions_framework.model.json_encoding import json_encoder

pytestmark = pytest.mark.once

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def standing_in(value: Any) -> Any:
    """What Flask's provider does for dates and the like."""
    if isinstance(value, complex):
        return [value.real, value.imag]
    raise TypeError(f"{type(value).__name__} isn't JSON")


@given(
    value=st.lists(VALUES) | st.dictionaries(st.text(), VALUES),
    flags=st.tuples(*[st.booleans()] * 2),
    separators=st.sampled_from([(",", ":"), (", ", ": ")]),
)
def test_it_is_what_dumps_makes(
    value: Any, flags: tuple[bool, bool], separators: tuple[str, str]
) -> None:
    options: dict[str, Any] = {"sort_keys": flags[0], "ensure_ascii": flags[1]}
    options |= {"separators": separators, "default": standing_in}
    assert json_encoder(**options)(value) == json.dumps(value, **options)


@given(value=VALUES)
def test_without_arguments_it_is_what_plain_dumps_makes(value: Any) -> None:
    assert json_encoder()(value) == json.dumps(value)


def test_nan_is_refused_where_it_is_to_be() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_encoder(allow_nan=False)({"a": [float("nan")]})


APP = flask.Flask("app")
READ, FLASKS = JSONProvider(APP).loads, DefaultJSONProvider(APP).loads


@given(value=VALUES, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32-le"]))
def test_flasks_provider_reads_what_flasks_own_does(value: Any, encoding: str) -> None:
    text = json.dumps(value)
    # As text again, or no NaN would be equal to itself.
    assert json.dumps(READ(text.encode(encoding))) == json.dumps(FLASKS(text.encode(encoding)))


@pytest.mark.parametrize(
    "body",
    [
        b'"\\ud800"',
        b"1e999",
        b"-0",
        b"1" * 400,
        b'{"a":1,"a":2}',
        b"[NaN, -Infinity]",
        b'"\xc3\xbc"',
    ],
)
def test_rare_texts_are_read_as_flasks_own_does(body: bytes) -> None:
    assert repr(READ(body)) == repr(FLASKS(body))


@pytest.mark.parametrize("body", [b"", b"{", b"[1,]", b'"\xff"', b'"\x01"', b"9" * 5000])
def test_what_isnt_json_raises_what_flasks_own_does(body: bytes) -> None:
    with pytest.raises(ValueError) as ours:  # noqa: PT011 - compared below
        READ(body)
    with pytest.raises(ValueError) as flasks:  # noqa: PT011
        FLASKS(body)
    assert type(ours.value) is type(flasks.value)
    assert str(ours.value) == str(flasks.value)


def test_arguments_and_text_go_to_flasks_own() -> None:
    assert READ(b"1.5", parse_float=str) == "1.5"
    assert READ('["\ud800"]') == ["\ud800"]


ENCODE = json_encoder(sort_keys=True, separators=(",", ":"), default=standing_in)


def test_other_types_are_stood_in_for_or_refused() -> None:
    assert ENCODE({"a": 1j}) == '{"a":[0.0,1.0]}'
    with pytest.raises(TypeError, match="set isn't JSON"):
        ENCODE({"a": set()})
    with pytest.raises(TypeError, match="not supported between"):
        ENCODE({"a": 1, 2: 3})


def test_circles_are_told_as_usual_and_leave_nothing_behind() -> None:
    circle: dict[str, Any] = {"a": 1}
    circle["self"] = circle
    with pytest.raises(ValueError, match="Circular"):
        ENCODE(circle)
    del circle["self"]
    assert ENCODE(circle) == '{"a":1}'


def test_the_same_object_may_be_in_a_value_twice() -> None:
    shared = {"a": 1}
    assert ENCODE([shared, shared]) == '[{"a":1},{"a":1}]'


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="CPython's own")
def test_the_c_encoder_is_where_it_is_looked_for() -> None:
    # When it has moved, results are encoded by JSONEncoder: right, and slower.
    assert ENCODE.__qualname__ == "json_encoder.<locals>.encode"
