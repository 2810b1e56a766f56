"""Named tuples of the framework's own are what `typing` would make of the same declaration."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest

from functions_framework.runtime import values


def declared(base: Any) -> Any:
    class Place(base):  # type: ignore[misc]  # of a base that is given
        """Where something is."""

        file: str
        line: int | None = None
        names: tuple[str, ...] = ()

        @property
        def is_known(self) -> bool:
            return self.line is not None

    return Place


OURS = declared(values.NamedTuple)
THEIRS = declared(typing.NamedTuple)


class Kept(values.NamedTuple):
    """Found by its name, as `pickle` wants it."""

    file: str
    line: int = 1


GOOD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a",), {}),
    (("a", 2), {}),
    ((), {"file": "a"}),
    (("a",), {"names": ("x",)}),
    (("a", 2, ("x",)), {}),
    ((), {"names": (), "line": 3, "file": "a"}),
]
BAD: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((), {"line": 1}),
    (("a",), {"file": "b"}),
    (("a",), {"other": 1}),
    (("a", 1, (), 4), {}),
    (("a", 1, ()), {"line": 2}),
]


@pytest.mark.parametrize(("given", "named"), GOOD)
def test_values_and_text_are_the_same(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    ours, theirs = OURS(*given, **named), THEIRS(*given, **named)
    assert ours == theirs == tuple(ours)
    assert (ours.file, ours.line, ours.names) == tuple(theirs)
    assert repr(ours) == repr(theirs)
    assert ours.is_known == theirs.is_known
    assert hash(ours) == hash(theirs)
    assert ours._asdict() == theirs._asdict()


@pytest.mark.parametrize(("given", "named"), BAD)
@pytest.mark.parametrize("cls", [OURS, THEIRS])
def test_wrong_arguments_are_refused(
    cls: Any, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        cls(*given, **named)


@pytest.mark.parametrize("cls", [OURS, THEIRS])
def test_what_is_asked_of_them(cls: Any) -> None:
    place = cls("a", 2)
    assert type(type(place)) is type
    assert cls.__mro__[-2] is tuple
    assert cls._fields == cls.__match_args__ == ("file", "line", "names")
    assert cls.__doc__ == "Where something is."
    assert typing.get_type_hints(cls)["line"] == int | None
    assert place._replace(line=3) == ("a", 3, ())
    assert type(place._replace(line=3)) is type(cls._make(place)) is cls
    assert not hasattr(place, "__dict__")
    with pytest.raises(AttributeError):
        place.file = "b"
    with pytest.raises((TypeError, ValueError), match="other"):  # of 3.13 on the former
        place._replace(other=1)
    match place:
        case cls(file="a", line=line):
            assert line == 2


def test_they_are_copied_and_pickled() -> None:
    kept = Kept("a", 2)
    for other in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert other == kept
        assert type(other) is Kept
