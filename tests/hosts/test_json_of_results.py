"""Results encoded by the one encoder all calls share are what `json.dumps` makes of them."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.hosts.with_flask.json_provider import json_encoder

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
)
def test_it_is_what_dumps_makes(value: Any, flags: tuple[bool, bool]) -> None:
    options: dict[str, Any] = {"sort_keys": flags[0], "ensure_ascii": flags[1]}
    ours = json_encoder(default=standing_in, **options)(value)
    assert ours == json.dumps(value, default=standing_in, separators=(",", ":"), **options)


ENCODE = json_encoder(sort_keys=True, ensure_ascii=True, default=standing_in)


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
