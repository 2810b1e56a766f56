"""Layers over a mapping: the last one wins, and taking all away returns what was there."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from functions_framework.calls.overlays import Layers

KEYS = st.sampled_from("abc")
LAYERS = st.lists(st.dictionaries(KEYS, st.none() | st.integers()), max_size=4)


@given(st.dictionaries(KEYS, st.integers()), LAYERS, st.randoms())
def test_taken_away_in_any_order(
    below: dict[str, int], put: list[dict[str, Any]], random: Any
) -> None:
    mapping = dict(below)
    layers: Layers[int] = Layers(mapping)
    standing: list[dict[str, Any]] = []
    for layer in put:
        layers.put(layer)
        standing.append(layer)
    random.shuffle(order := list(standing))
    for taken in [None, *order]:
        if taken is not None:
            layers.take(taken)
            standing = [kept for kept in standing if kept is not taken]
        expected: dict[str, Any] = dict(below)
        for one in standing:
            expected.update(one)
        assert mapping == {name: value for name, value in expected.items() if value is not None}
    assert len(layers) == 0


def test_an_adopted_value_is_taken_away_with_its_layer() -> None:
    mapping = {"a": 1}
    layers: Layers[int] = Layers(mapping)
    own: dict[str, int | None] = {}
    layers.put(own)
    mapping.update(a=2, b=3)
    layers.adopt(own, "a", 1)
    layers.adopt(own, "b")
    layers.take(own)
    assert (mapping, own) == ({"a": 1}, {"a": 2, "b": 3})
    layers.put(own)
    assert mapping == {"a": 2, "b": 3}
