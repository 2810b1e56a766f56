"""Of classes that share a name for what they are, the faults are those of the one meant."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from typing_extensions import TypedDict

from functions_framework.model.message import Message
from functions_framework.signatures.problems import InvalidInput
from functions_framework.signatures.typed import TypedSignature
from functions_framework.signatures.types.secret import Secret

NO_KIND = "Expected one of 'cat', 'kitten', 'dog'."


@dataclasses.dataclass
class Cat:
    kind: Literal["cat", "kitten"]
    lives: int = 9


@dataclasses.dataclass
class Dog:
    kind: Literal["dog"]
    name: str
    lives: int = 1


class CatDict(TypedDict, total=False):
    kind: Literal["cat", "kitten"]
    lives: int


class DogStruct(msgspec.Struct):
    kind: Annotated[Literal["dog"], msgspec.Meta(description="what it is")]
    name: str
    lives: int = 1


@dataclasses.dataclass
class Hidden:
    kind: Annotated[Literal["cat"], Secret]


@dataclasses.dataclass
class Unnamed:
    a: int


def refused(annotation: Any, message: Message) -> dict[str, str]:
    def function(value) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(InvalidInput) as caught:
        TypedSignature(function, annotation).decode(message)
    return {fault.pointer: fault.detail for fault in caught.value.faults}


@pytest.mark.parametrize(
    "annotation", [Cat | Dog, Dog | Cat | None, CatDict | DogStruct, DogStruct | Cat | int]
)
@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({"kind": "cow"}, {"#/kind": NO_KIND}),
        ({"kind": ["cat"], "lives": "x"}, {"#/kind": NO_KIND}),
        ({"kind": "dog"}, {"#/name": "The field is required."}),
        ({"kind": "cat", "lives": "x"}, {"#/lives": "Expected `int`, got `str`."}),
        ({"kind": "kitten", "lives": "x", "name": "a"}, {"#/lives": "Expected `int`, got `str`."}),
    ],
)
def test_the_name_that_all_have_says_which_one_is_meant(
    annotation: Any, data: Any, faults: dict[str, str]
) -> None:
    message = Message("application/json", {}, json.dumps(data).encode())
    found = refused(annotation, message)
    assert {place: words(text) for place, text in found.items()} == {
        place: words(text) for place, text in faults.items()
    }


def words(text: str) -> list[str]:
    """Those of a sentence, in whatever order the alternatives are written."""
    return sorted(word.strip(",.") for word in text.split())


def test_so_it_does_in_a_query() -> None:
    told = {"#/kind": NO_KIND}
    assert (
        refused(Cat | Dog, Message(None, {}, b"", query="kind=cow&lives=2", method="GET")) == told
    )
    told = {"#/name": "The field is required."}
    assert refused(Cat | Dog, Message(None, {}, b"", query="kind=dog", method="GET")) == told


@pytest.mark.parametrize("annotation", [Cat | Hidden, Cat | Unnamed])
def test_without_such_a_name_they_are_those_of_the_one_that_is_most_alike(annotation: Any) -> None:
    message = Message("application/json", {}, b'{"kind": "cow"}')
    assert refused(annotation, message) == {"#/kind": "Expected one of 'cat', 'kitten'."}
