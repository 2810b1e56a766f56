"""JSON that is written in another way than the `json` module's, and comes to the same bytes."""

from __future__ import annotations

import enum
import json
import random
from typing import Any

import msgspec.json  # noqa: F401 - only where somebody has imported it is there another way
import pytest

from functions_framework.model.json_encoding import encode_flat


def _as_json(value: dict[Any, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Text(str):
    __slots__ = ()


class Level(enum.IntEnum):
    HIGH = 3


FLAT: list[dict[Any, Any]] = [
    {},
    {"a": 1, "b": None, "c": True, "d": False, "e": ""},
    {"z": 1, "a": 2, "Z": 3, "_": 4, "": 5, "aa": 6},
    {"a": 2**63, "b": 2**64, "c": -(2**63), "d": -(2**70), "e": 10**300},
    {"a": "</script>&'\"\\/"},
    *({"a": chr(code), chr(code): 1} for code in range(0x7F)),
]
OTHERS: list[dict[Any, Any]] = [
    {"a": "\x7f"},
    {"a": "\x80"},
    {"\u00e9": 1},
    {"a": "\U0001f600"},
    {"a": "\ud800"},
    {"a": 1.0},
    {"a": float("nan")},
    {"a": [1]},
    {"a": {"b": 1}},
    {"a": Text("x")},
    {"a": Level.HIGH},
    {1: "a"},
    {None: 1},
    {"a": object()},
]


@pytest.mark.parametrize("value", FLAT, ids=range(len(FLAT)))
def test_flat_objects_are_written_as_json_writes_them(value: dict[Any, Any]) -> None:
    assert encode_flat(value) == _as_json(value)


@pytest.mark.parametrize("value", OTHERS, ids=range(len(OTHERS)))
def test_what_may_differ_is_left_to_json(value: dict[Any, Any]) -> None:
    assert encode_flat(value) is None


def test_a_number_that_json_refuses_is_left_to_it() -> None:
    value = {"a": 10**5000}
    try:
        expected = _as_json(value)
    except ValueError:  # from 3.11 on, and late versions of 3.10
        assert encode_flat(value) is None
    else:
        assert encode_flat(value) in {None, expected}


def test_objects_at_random_are_written_as_json_writes_them() -> None:
    rng = random.Random(7)
    kinds = (
        lambda: rng.randrange(-(10**20), 10**20),
        lambda: rng.choice([True, False, None]),
        lambda: "".join(chr(rng.randrange(0x90)) for _ in range(rng.randrange(9))),
    )
    written = 0
    for _ in range(5000):
        pairs = ((kinds[2](), rng.choice(kinds)()) for _ in range(rng.randrange(6)))
        value = dict(pairs)
        found = encode_flat(value)
        assert found in {None, _as_json(value)}, value
        written += found is not None
    assert written > 1000
