"""Value classes are what `dataclasses` would make of the same declaration."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from functions_framework.runtime import values


def declared(make: Any, field: Any) -> Any:
    class Point:
        x: int
        y: int = 2
        tags: list[str] = field(default_factory=list)
        shown: str = field(default="", metadata={"a": 1})

    return make(Point)


OURS = declared(values.value_class(frozen=True), values.field)
THEIRS = declared(dataclasses.dataclass(frozen=True), dataclasses.field)
MUTABLE = declared(values.value_class(), values.field)
PLAIN = declared(values.value_class(eq=False), values.field)

GOOD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((1, 3), {}),
    ((), {"x": 1}),
    ((1,), {"y": 5, "tags": ["a"]}),
    ((1, 2, ["b"], "c"), {}),
]
BAD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"y": 1}),
    ((1,), {"x": 1}),
    ((1,), {"z": 1}),
    ((1, 2, [], "", 5), {}),
]


@pytest.mark.parametrize(("given", "named"), GOOD)
def test_values_and_text_are_the_same(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = OURS(*given, **named), THEIRS(*given, **named)
    assert values.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(ours) == repr(theirs)
    assert ours == OURS(*given, **named) != OURS(99)


@pytest.mark.parametrize(("given", "named"), BAD)
@pytest.mark.parametrize("cls", [OURS, THEIRS])
def test_wrong_arguments_are_refused(
    cls: Any, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        cls(*given, **named)


def test_each_gets_a_default_of_its_own() -> None:
    first = MUTABLE(1)
    first.tags.append("a")
    first.y = 7
    assert (MUTABLE(1).tags, MUTABLE(1).y) == ([], 2)


def test_a_frozen_one_takes_no_changes() -> None:
    with pytest.raises(AttributeError, match=r"Point\.x cannot be set"):
        OURS(1).x = 2
    with pytest.raises(AttributeError):
        del OURS(1).x


def test_equality_and_hashes() -> None:
    assert hash(OURS(1, tags=())) == hash(OURS(1, tags=()))
    assert OURS(1) != MUTABLE(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(MUTABLE(1))
    one = PLAIN(1)
    assert one == one  # noqa: PLR0124
    assert one != PLAIN(1)
    assert {one}


def test_replace_makes_another() -> None:
    first = OURS(1, tags=["a"])
    assert values.replace(first, x=2) == OURS(2, tags=["a"])
    with pytest.raises(TypeError, match="unexpected: z"):
        values.replace(first, z=1)


def test_what_was_said_of_a_field_is_kept() -> None:
    assert values.metadata_of(OURS)["shown"] == {"a": 1}
    assert list(values.metadata_of(OURS)) == ["x", "y", "tags", "shown"]
