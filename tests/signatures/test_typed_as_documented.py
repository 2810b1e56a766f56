"""What the OpenAPI document says of an input is what is checked, or the type is refused at load."""

from __future__ import annotations

import dataclasses
import decimal
import enum
import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar, Union

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta
from openapi_schema_validator import OAS31Validator
from typing_extensions import NotRequired, TypedDict

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.openapi.document import document
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Message
from functions_framework.signatures.problems import InvalidInput
from functions_framework.signatures.typed import TypedSignature

T = TypeVar("T")
U = TypeVar("U")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


class Opaque:
    """A default that isn't JSON."""


OPAQUE = Opaque()


class Checked:
    """A type with its document and its check."""

    def __init__(self, annotation: Any) -> None:
        def function(value) -> None: ...  # type: ignore[no-untyped-def]

        function.__annotations__["value"] = annotation
        self._signature = TypedSignature(function)
        made = document([Function(function, "f", Signature.TYPED)])
        body = made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
        self.schema = body["schema"]
        self.components = made["components"]["schemas"]
        self._validator = OAS31Validator({**self.schema, "components": made["components"]})

    def is_documented(self, data: Any) -> bool:
        return bool(self._validator.is_valid(data))

    def takes(self, data: Any) -> bool:
        try:
            self.read(data)
        except InvalidInput:
            return False
        return True

    def read(self, data: Any) -> Any:
        message = Message("application/json", {}, json.dumps(data).encode())
        (value,) = self._signature.decode(message)
        return value


# -- made up types, and inputs that nearly fit them ----------------------------------------------


@dataclass
class Box(Generic[T]):
    item: T
    more: list[T] = field(default_factory=list)


@dataclass
class Init(Generic[T]):
    a: T
    b: T = field(default=None, kw_only=True)  # type: ignore[assignment]
    c: T = field(default=None, init=False)  # type: ignore[assignment]
    d: dataclasses.InitVar[int] = 1


@attrs.define
class Attrs(Generic[T]):
    a: T = attrs.field(alias="other")
    b: T = attrs.field(default=None, init=False)
    c: int = attrs.field(default=1)


class Cell(msgspec.Struct, Generic[T], forbid_unknown_fields=True, rename="upper"):
    item: T
    note: str | None = None


class Keys(TypedDict, Generic[T]):
    item: T
    note: NotRequired[str]


class Row(NamedTuple):
    a: int
    b: str = ""


limits = st.integers(-2, 2)
plain = st.sampled_from([int, float, str, bool, None, Color, Literal["a", "b"], Row, Literal[1]])
leaves = st.sampled_from(
    [int, float, str, bool, None, Any, Color, Level, Rights, decimal.Decimal,
     Literal["a", "b"], Literal[1, 2], Literal[1, "a"], Row]
) | st.one_of(
    limits.map(lambda limit: Annotated[int, Meta(ge=limit)]),
    limits.map(lambda limit: Annotated[float, Meta(lt=limit)]),
    st.integers(0, 2).map(lambda limit: Annotated[str, Meta(max_length=limit)]),
    st.just(Annotated[str, Meta(pattern="^a")]),
)  # fmt: skip
keys = st.sampled_from([str, Annotated[str, Meta(max_length=1)], int, Level, Literal["a", "b"]])
generics: list[Any] = [Box, Init, Attrs, Cell, Keys]


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        inner.map(list.__class_getitem__),
        leaves.filter(lambda item: item is not Any).map(set.__class_getitem__),
        st.tuples(inner, inner).map(tuple.__class_getitem__),
        st.tuples(keys, inner).map(dict.__class_getitem__),
        # Unions of limited types are among the cases below: some end the process in msgspec 0.22.
        st.lists(plain, min_size=2, max_size=3).map(lambda items: Union[tuple(items)]),  # noqa: UP007
        st.builds(lambda kind, item: kind[item], st.sampled_from(generics), inner),
    )


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -1.5, "", "a", "ab", "red", "1", "1.5"]),
)


def inputs(schema: Any, components: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema describes, or nearly."""
    again = functools.partial(inputs, components=components)
    if "$ref" in schema:
        return again(components[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([*map(again, schema["anyOf"]), scalars])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | scalars
    if schema.get("type") == "object":
        known = {name: again(item) for name, item in schema.get("properties", {}).items()}
        rest = schema.get("additionalProperties") or {}
        more = st.dictionaries(st.sampled_from(["a", "z", "1", "01"]), again(rest), max_size=2)
        fitting = st.fixed_dictionaries(known)
        return st.one_of(
            fitting,
            st.builds(lambda a, b: b | a, fitting, more),
            st.fixed_dictionaries({}, optional=known),
        )
    if schema.get("type") == "array":
        several = st.lists(again(schema.get("items") or {}), max_size=3)
        return st.tuples(*map(again, schema.get("prefixItems", ()))).map(list) | several
    return scalars


@settings(max_examples=120)
@given(st.data(), st.recursive(leaves, larger, max_leaves=4))
def test_what_is_documented_is_what_is_taken(data: st.DataObject, annotation: Any) -> None:
    try:
        checked = Checked(annotation)
    except FunctionsFrameworkException:
        return
    for value in data.draw(st.lists(inputs(checked.schema, checked.components), max_size=4)):
        assert checked.takes(value) == checked.is_documented(value), (value, checked.schema)


# -- cases ---------------------------------------------------------------------------------------


class Tag(msgspec.Struct, tag=True):
    pass


@dataclass
class Nested(Box[Box[U]], Generic[U]):
    own: U | None = None


@dataclass
class Held:
    levels: dict[Level, int]
    rights: Rights = Rights.READ
    price: decimal.Decimal = decimal.Decimal(1)
    tags: set[str] = field(default_factory=set)


@dataclass
class Opaquely:
    name: str
    opaque: Any = OPAQUE


class OpaqueStruct(msgspec.Struct):
    name: str
    opaque: Any = OPAQUE
    many: list[int] = []


@attrs.define
class OpaqueAttrs:
    name: str
    opaque: Any = attrs.field(default=OPAQUE)
    many: list[int] = attrs.field(factory=list)


HELD = {"levels": {"1": 2}, "rights": 3, "price": 2, "tags": ["a", "a"]}
Negative = Annotated[int, Meta(lt=0)]
Large = Annotated[int, Meta(gt=9)]
Short = Annotated[str, Meta(max_length=1)]
Long = Annotated[str, Meta(min_length=3)]


@pytest.mark.parametrize(
    ("annotation", "taken", "refused"),
    [
        (Negative | Large, [-1, 10], [5, "x"]),
        (Annotated[int, Meta(ge=1)] | float, [2, 0.5, 0], ["x"]),
        (Literal[1] | float, [1, 2, 0.5], ["x"]),
        (Level | decimal.Decimal, [1, 3, "1.5"], ["x"]),
        (Short | Long, ["a", "abc"], ["ab"]),
        (Annotated[str, Meta(pattern="a")] | Annotated[str, Meta(pattern="b")], ["a", "b"], ["c"]),
        (list[Large | Long], [[10], ["abc"]], [[0], ["a"]]),
        (Short | tuple[int, str], ["a", [1, "x"]], ["ab", ["x", 1]]),
        (set[int], [[1, 1]], [["x"]]),
        (decimal.Decimal, ["1.5", 1.5, 1], ["x", None]),
        (Mapping[int, int], [{"1": 1}, {"-3": 0}], [{"x": 1}, {"01": 1}]),
        (dict[Color, Rights], [{"red": 3}], [{"x": 1}]),
        (Box[int], [{"item": 1, "more": [2]}], [{"item": "x"}, {"item": 1, "more": ["x"]}]),
        (Nested[int], [{"item": {"item": 1}, "own": 1}], [{"item": {"item": "x"}}, {"item": 1}]),
        (Cell[Box[str]], [{"ITEM": {"item": "x"}}], [{"ITEM": {"item": 1}}]),
        (Keys[int], [{"item": 1}], [{"item": "x"}, {}]),
        (Box[int] | Box[str], [{"item": 1}, {"item": "x"}], [{"item": None}]),
        (Opaquely, [{"name": "a"}], [{}]),
        (OpaqueStruct, [{"name": "a"}], [{}]),
        (OpaqueAttrs, [{"name": "a"}], [{}]),
        (Held, [HELD], [HELD | {"levels": {"a": 1}}, HELD | {"price": "x"}]),
    ],
)  # fmt: skip
def test_documents_and_checks_agree(annotation: Any, taken: Any, refused: Any) -> None:
    checked = Checked(annotation)
    for value in taken:
        assert (checked.takes(value), checked.is_documented(value)) == (True, True)
    for value in refused:
        assert (checked.takes(value), checked.is_documented(value)) == (False, False)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (list[Negative | Large], "several members have limits"),
        (dict[str, Annotated[int, Meta(ge=1)] | float], "several members have limits"),
        (Annotated[int | str, Meta(ge=1)], "Can only set `ge`"),
        (list[Box[int] | Tag], "more than one"),
        (list[Short | tuple[int, str]], "several members have limits|a tuple stands beside"),
        (Box[tuple[()] | Large | None], "several members have limits|a tuple stands beside"),
        (set[list[int]], "items of the type 'list'"),
        (set[Box[int]], "items of the type 'Box'"),
        (frozenset[tuple[Tag, ...]], "items of the type 'Tag'"),
        (set[Keys[int]], "items of the type 'Keys'"),
        (Box[complex], "'complex' is not supported"),
        (Box[Opaque], "'Opaque' is not supported"),
    ],
)
def test_what_cannot_be_checked_is_refused_by_name(annotation: Any, words: str) -> None:
    with pytest.raises(FunctionsFrameworkException, match=words) as caught:
        Checked(annotation)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("annotation", [set, set[Any], list[frozenset[tuple[Any, ...]]]])
def test_no_sender_makes_a_set_of_anything_crash(annotation: Any) -> None:
    data = [[[1], {}]]
    checked = Checked(annotation)
    assert not checked.takes(data)
    assert not checked.takes([data])


def test_generic_results_are_written_by_their_annotation() -> None:
    def function(value: int) -> Box[int]:
        return Box(value)

    signature = TypedSignature(function)
    assert signature.encode(Box(1)).body == b'{"item":1,"more":[]}'
    assert signature.encode({"item": 1}).body == b'{"item":1}'
    made = document([Function(function, "f", Signature.TYPED)])
    written = made["components"]["schemas"]["Box_int_"]
    assert written["properties"]["item"] == {"type": "integer"}
