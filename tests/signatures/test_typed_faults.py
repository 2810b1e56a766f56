"""Every wrong field is listed, and never the value of a secret one."""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import TypedDict

from functions_framework.model.message import Message
from functions_framework.signatures.problems import InvalidInput
from functions_framework.signatures.typed import TypedSignature
from functions_framework.signatures.types.secret import Secret

PIN = "pin-4711-pin"


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Line:
    sku: Annotated[str, msgspec.Meta(min_length=3)]
    count: Annotated[int, msgspec.Meta(ge=1)] = 1


@dataclasses.dataclass
class Order:
    name: str
    lines: Annotated[list[Line], msgspec.Meta(max_length=4)]
    prices: dict[str, float] = dataclasses.field(default_factory=dict)
    color: Color = Color.RED
    kind: Literal["a", "b"] = "a"
    parent: Order | None = None
    pair: tuple[int, str] | None = None


class Closed(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    field_name: int


class Cat(msgspec.Struct, tag=True):
    age: int


class Dog(msgspec.Struct, tag=True):
    name: str


class Compact(msgspec.Struct, array_like=True):
    x: int
    y: int


class Pair(NamedTuple):
    x: int
    y: str


class Keyed(TypedDict):
    a: int
    b: int


@dataclasses.dataclass
class Credentials:
    user: str
    password: Annotated[str, Secret, msgspec.Meta(min_length=20)]
    code: Annotated[int | None, Secret] = None
    level: Annotated[Literal["low", "high"], Secret] = "low"
    keys: Annotated[dict[str, int], Secret] = dataclasses.field(default_factory=dict)
    either: Annotated[int, Secret] | list[int] = 0

    def __post_init__(self) -> None:
        if self.user == "own check":
            raise ValueError(f"not with {self.password}")


def faults_of(annotation: Any, data: Any) -> dict[str, str]:
    def function(value) -> None: ...  # type: ignore[no-untyped-def]

    body = json.dumps(data).encode()
    with pytest.raises(InvalidInput) as caught:
        TypedSignature(function, annotation).decode(Message("application/json", {}, body))
    reply = caught.value.reply()
    assert reply.status == 422
    assert reply.headers == [("content-type", "application/problem+json")]
    assert isinstance(reply.body, bytes)
    document = json.loads(reply.body)
    assert document["title"] == "Unprocessable Content"
    assert document["status"] == 422
    assert "\n" not in document["detail"]
    return {entry["pointer"]: entry["detail"] for entry in document["errors"]}


@pytest.mark.parametrize(
    ("annotation", "data", "faults"),
    [
        pytest.param(
            Order,
            {"lines": [{"sku": "ab"}, {"sku": "abc", "count": 0}, 3], "prices": {"x": "1"}},
            {
                "#/name": "The field is required.",
                "#/lines/0/sku": "Expected `str` of length >= 3.",
                "#/lines/1/count": "Expected `int` >= 1.",
                "#/lines/2": "Expected `object`, got `int`.",
                "#/prices/x": "Expected `float`, got `str`.",
            },
            id="several, nested",
        ),
        pytest.param(
            Order,
            {"name": "a", "lines": [], "color": "green", "kind": "c", "parent": {}, "pair": [1]},
            {
                "#/color": "Expected one of 'red', 'blue'.",
                "#/kind": "Expected one of 'a', 'b'.",
                "#/parent/name": "The field is required.",
                "#/parent/lines": "The field is required.",
                "#/pair": "Expected `array` of length 2, got 1.",
            },
            id="enum, literal, recursive, tuple",
        ),
        pytest.param(
            Order,
            {"name": "a", "lines": [{"sku": "abc"}] * 5},
            {"#/lines": "Expected `array` of length <= 4."},
            id="length of a list",
        ),
        pytest.param(Order, [], {"#": "Expected `object`, got `array`."}, id="no object"),
        pytest.param(
            Closed,
            {"field_name": 1, "a/b~c": 2},
            {
                "#/fieldName": "The field is required.",
                "#/field_name": "The field is not known here.",
                "#/a~1b~0c": "The field is not known here.",
            },
            id="renamed, unknown, escaped",
        ),
        pytest.param(
            Cat | Dog, {"type": "Cow"}, {"#/type": "Expected one of 'Cat', 'Dog'."}, id="tag"
        ),
        pytest.param(Cat | Dog, {}, {"#/type": "The field is required."}, id="no tag"),
        pytest.param(
            Cat | Dog | None,
            {"type": "Cat", "age": "x"},
            {"#/age": "Expected `int`, got `str`."},
            id="chosen by tag",
        ),
        pytest.param(Cat, {"type": "Dog", "age": 1}, {"#/type": "Expected 'Cat'."}, id="own tag"),
        pytest.param(
            list[int | list[str] | Keyed],
            [1, ["x", 2], {"a": "x"}, "s", None],
            {
                "#/1/1": "Expected `str`, got `int`.",
                "#/2/a": "Expected `int`, got `str`.",
                "#/2/b": "The field is required.",
                "#/3": "Expected `int | object | array`, got `str`.",
                "#/4": "Expected `int | object | array`, got `null`.",
            },
            id="union by kind",
        ),
        pytest.param(
            list[Compact],
            [[1, "x"], [1]],
            {
                "#/0/1": "Expected `int`, got `str`.",
                "#/1": "Expected `array` of at least length 2, got 1.",
            },
            id="array-like",
        ),
        pytest.param(Pair, ["x", 1], {"#/0": "Expected `int`, got `str`.",
                                      "#/1": "Expected `str`, got `int`."}, id="named tuple"),
        pytest.param(
            dict[int, int],
            {"x": 1, "2": "y"},
            {
                "#/x": "As a name: Expected `int`, got `str`.",
                "#/2": "Expected `int`, got `str`.",
            },
            id="names",
        ),
        pytest.param(int | None, "x", {"#": "Expected `int`, got `str`."}, id="optional"),
    ],
)  # fmt: skip
def test_every_fault_is_listed(annotation: Any, data: Any, faults: dict[str, str]) -> None:
    assert faults_of(annotation, data) == faults


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"user": "u", "password": PIN}, "#/password"),
        ({"user": "u", "password": [PIN]}, "#/password"),
        ({"user": "u", "password": PIN * 9, "code": PIN}, "#/code"),
        ({"user": "u", "password": PIN * 9, "level": PIN}, "#/level"),
        ({"user": "u", "password": PIN * 9, "keys": {PIN: PIN}}, "#/keys"),
        ({"user": "u", "password": PIN * 9, "either": PIN}, "#/either"),
        ({"user": "own check", "password": PIN * 9}, "#"),
    ],
)
@pytest.mark.parametrize("is_wrapped", [False, True])
def test_a_secret_value_is_never_repeated(data: Any, pointer: str, is_wrapped: bool) -> None:
    annotation: Any = Credentials
    if is_wrapped:
        annotation, data = dict[str, Credentials | None], {"in": data}
        pointer = f"#/in{pointer[1:]}"
    faults = faults_of(annotation, data)
    assert faults == {pointer: "The value is not valid. It is not shown because it is secret."}
    assert PIN not in repr(faults)


def test_what_is_within_a_secret_belongs_to_it() -> None:
    faults = faults_of(Annotated[Credentials, Secret], {"user": 1, "password": PIN})
    assert list(faults) == ["#"]
    names = faults_of(dict[Annotated[str, Secret, msgspec.Meta(max_length=2)], int], {PIN: 1})
    assert list(names) == ["#"]
    assert PIN not in repr(names)


def test_a_missing_secret_is_named() -> None:
    assert faults_of(Credentials, {"user": "u"}) == {"#/password": "The field is required."}


def test_the_errors_own_text_is_one_line_without_parts_of_the_input() -> None:
    def function(value: Credentials) -> None: ...

    message = Message("application/json", {}, b'{"user": 1, "password": "four"}')
    with pytest.raises(InvalidInput, match=r"^2 fields of the input are not valid\.$"):
        TypedSignature(function).decode(message)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "lines", "sku", "count", "type", "age", "a", "b", "color", "pair"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values)
@pytest.mark.parametrize(
    "annotation",
    [Order, Cat | Dog, list[Compact], Keyed, dict[str, int | Keyed | list[Pair]]],
    ids=str,
)
def test_what_msgspec_takes_is_taken_and_all_else_has_a_fault(annotation: Any, data: Any) -> None:
    def function(value) -> None: ...  # type: ignore[no-untyped-def]

    body = msgspec.json.encode(data)
    try:
        expected = msgspec.json.decode(body, type=annotation)
    except msgspec.ValidationError:
        expected = None
    try:
        (found,) = TypedSignature(function, annotation).decode(
            Message("application/json", {}, body)
        )
    except InvalidInput as error:
        assert expected is None
        assert error.faults  # noqa: PT017
        assert len(set(error.faults)) == len(error.faults)  # noqa: PT017
    else:
        assert found == expected
