"""Annotations of pydantic's own: pydantic checks them, and its faults are told by our pointers."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Sequence  # noqa: TC003 - read at run time
from typing import Annotated, Any, ForwardRef, Generic, Literal, NamedTuple, TypeVar

import annotated_types
import attrs
import msgspec
import pydantic
import pytest
from openapi_schema_validator import OAS31Validator
from pydantic import AfterValidator, AliasChoices, AliasPath, BeforeValidator, Field
from typing_extensions import TypedDict

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.openapi.document import document
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Message
from functions_framework.signatures.event_data import event_data
from functions_framework.signatures.problems import InvalidInput, MalformedInput
from functions_framework.signatures.types.secret import Secret
from support.typed_signatures import decoded, signature_of

T = TypeVar("T")
PIN = "pin-4711-pin"
REQUIRED = "The field is required."
NO_INT = "Input should be a valid integer, unable to parse string as an integer."
UUID = "d0b1fd6a-6f3c-4b2f-8a4e-1b4bd1c5a9a5"


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Holder:
    """No class of any library's."""


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    name: str


def kind_of(value: Any) -> Any:
    return value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]
Told = Annotated[
    Annotated[Cat, pydantic.Tag("a cat")] | Annotated[Dog, pydantic.Tag("a dog")],
    pydantic.Discriminator(lambda value: f"a {kind_of(value)}"),
]
Absolute = Annotated[int, AfterValidator(abs)]


class Annotations(pydantic.BaseModel):
    after: Absolute
    before: Annotated[int, BeforeValidator(lambda value: int(value) + 1)]
    wrap: Annotated[int, pydantic.WrapValidator(lambda value, then: then(value) + 1)]
    plain: Annotated[int, pydantic.PlainValidator(lambda value: int(value) + 1)]
    written: Annotated[int, pydantic.PlainSerializer(str, return_type=str)]
    skipped: pydantic.SkipValidation[int]
    id: pydantic.UUID4
    text: pydantic.Base64Str
    short: Annotated[str, pydantic.StringConstraints(max_length=2)]
    described: Annotated[int, pydantic.WithJsonSchema({"type": "integer", "minimum": 3})]
    cat: pydantic.SerializeAsAny[Cat]


ANNOTATIONS = {
    "after": -3, "before": 1, "wrap": 1, "plain": 1, "written": 3, "skipped": 4, "id": UUID,
    "text": "aGk=", "short": "ab", "described": 5, "cat": {"kind": "cat", "lives": 9},
}  # fmt: skip


class Lookups(pydantic.BaseModel):
    one: int = Field(validation_alias=AliasChoices("a", "b"))
    deep: int = Field(validation_alias=AliasPath("c", "d", 0))
    other: int = Field(default=0, alias="e")


@dataclasses.dataclass
class Limits:
    count: pydantic.PositiveInt
    level: Annotated[int, annotated_types.Le(3)] = 0
    rate: Annotated[float, Field(lt=1)] = 0.0


class Row(NamedTuple):
    number: Absolute
    pet: Pet


class Keyed(TypedDict):
    count: Absolute


class Box(pydantic.BaseModel, Generic[T]):
    item: T


class Unions(pydantic.BaseModel):
    pets: list[Pet] = []
    either: Cat | Dog | None = None
    number: int | str | None = None
    parts: list[int] | dict[str, int] = []
    keys: dict[int, Cat | int] = {}
    text: pydantic.Json[list[int]] | None = None
    absolute: Absolute | str = ""
    items: Sequence[int] = ()
    pair: tuple[int, Cat] | None = None
    told: Told | None = None
    nested: Unions | None = None


def faults_of(annotation: Any, data: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        decoded(annotation, data)
    assert len({fault.path for fault in caught.value.faults}) == len(caught.value.faults)
    return {fault.pointer: fault.detail for fault in caught.value.faults}


def schema_of(annotation: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The input's schema, and the document it is part of."""

    def function(value) -> None: ...  # type: ignore[no-untyped-def]

    function.__annotations__["value"] = annotation
    made = document([Function(function, "f", Signature.TYPED)])
    body = made["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]
    return body["schema"], made


def fits(annotation: Any, data: Any) -> bool:
    """Whether data is what the document asks for."""
    schema, made = schema_of(annotation)
    return bool(OAS31Validator({**schema, "components": made["components"]}).is_valid(data))


def test_pydantics_annotations_are_applied() -> None:
    value = decoded(Annotations, ANNOTATIONS)
    assert (value.after, value.before, value.wrap, value.plain) == (3, 2, 2, 2)
    assert (value.id, value.text) == (uuid.UUID(UUID), "hi")
    written = signature_of(Annotations).encode(value).body
    assert json.loads(written)["written"] == "3"  # type: ignore[arg-type]
    assert fits(Annotations, ANNOTATIONS)
    assert not fits(Annotations, ANNOTATIONS | {"described": 2})


@pytest.mark.parametrize(
    ("annotation", "data", "value"),
    [
        (Absolute, -3, 3),
        (Annotated[int, BeforeValidator(int)], "3", 3),
        (Annotated[str, pydantic.StringConstraints(to_upper=True)], "a", "A"),
        (Annotated[int, pydantic.SkipValidation], "x", "x"),
        (Told, {"kind": "cat", "lives": 1}, Cat(kind="cat", lives=1)),
        (Box[Absolute], {"item": -1}, Box[Absolute](item=1)),
        (Row, [-1, {"kind": "dog", "name": "x"}], Row(1, Dog(kind="dog", name="x"))),
        (Keyed, {"count": -1}, {"count": 1}),
        (Lookups, {"b": 1, "c": {"d": [2]}}, Lookups(a=1, c={"d": [2]})),  # type: ignore[call-arg]
    ],
)
def test_so_they_are_wherever_they_stand(annotation: Any, data: Any, value: Any) -> None:
    assert decoded(annotation, data) == value


def test_limits_of_pydantics_are_checked_in_plain_dataclasses() -> None:
    assert list(faults_of(Limits, {"count": -1, "level": 4, "rate": 2})) == [
        "#/count", "#/level", "#/rate",
    ]  # fmt: skip
    assert not fits(Limits, {"count": -1})
    assert decoded(Limits, {"count": 1}) == Limits(1)


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        ({"pets": [{"kind": "cat"}]}, {"#/pets/0/lives": REQUIRED}),
        ({"pets": [{"kind": "cow"}]}, {"#/pets/0/kind": "Expected one of 'cat', 'dog'."}),
        ({"pets": [{}]}, {"#/pets/0/kind": REQUIRED}),
        (
            {"either": {"kind": "cat", "lives": "x"}},
            {
                "#/either/lives": NO_INT,
                "#/either/kind": "Input should be 'dog'.",
                "#/either/name": REQUIRED,
            },
        ),
        (
            {"number": []},
            {"#/number": "Input should be a valid integer. Or: Input should be a valid string."},
        ),
        ({"keys": {"x": 1}}, {"#/keys/x": f"As a name: {NO_INT}"}),
        (
            {"keys": {"1": {"kind": "cat"}}},
            {"#/keys/1/lives": REQUIRED, "#/keys/1": "Input should be a valid integer."},
        ),
        ({"text": "[1"}, {"#/text": "Invalid JSON: EOF while parsing a list at line 1 column 2."}),
        ({"text": '[1, "x"]'}, {"#/text": f"In its JSON text, at #/1: {NO_INT}"}),
        ({"items": [1, "x"]}, {"#/items/1": NO_INT}),
        ({"pair": [1, {"kind": "cat"}]}, {"#/pair/1/lives": REQUIRED}),
        ({"told": {"kind": "cat"}}, {"#/told/lives": REQUIRED}),
        ({"told": {"kind": "cow"}}, {"#/told": "Expected one of 'a cat', 'a dog'."}),
        (
            {"nested": {"nested": {"pets": [{"kind": "dog"}]}}},
            {"#/nested/nested/pets/0/name": REQUIRED},
        ),
    ],
)  # fmt: skip
def test_faults_in_unions_are_pointers_into_the_body(data: Any, faults: dict[str, str]) -> None:
    assert faults_of(Unions, data) == faults


@pytest.mark.parametrize(
    ("data", "pointers"),
    [
        ({"parts": ["x"]}, {"#/parts/0", "#/parts"}),
        ({"parts": {"a": "x"}}, {"#/parts/a", "#/parts"}),
        ({"parts": {"dict[str,int]": "x"}}, {"#/parts/dict[str,int]", "#/parts"}),
        ({"absolute": []}, {"#/absolute"}),
    ],
)
def test_names_of_members_are_not_steps(data: Any, pointers: set[str]) -> None:
    assert set(faults_of(Unions, data)) == pointers


def test_a_key_that_is_named_like_a_member_is_a_step() -> None:
    class Holder(pydantic.BaseModel):
        Cat: int

    class Outer(pydantic.BaseModel):
        it: Holder | Cat

    assert "#/it/Cat" in faults_of(Outer, {"it": {"Cat": "x"}})


def test_lookups_by_choice_and_path_are_told_as_they_are_checked() -> None:
    faults = faults_of(Lookups, {"c": {"d": ["x"]}, "e": 1})
    assert list(faults) == ["#/a", "#/c/d/0"]
    for data, is_fit in [
        ({"a": 1, "c": {"d": [1]}}, True),
        ({"b": 1, "c": {"d": [1]}, "e": 3}, True),
        ({"c": {"d": [1]}}, False),
        ({"a": 1, "c": {"d": []}}, False),
        ({"a": 1, "c": 3}, False),
        ({"a": 1, "c": {"d": ["x"]}}, False),
    ]:
        assert fits(Lookups, data) is is_fit
        if is_fit:
            decoded(Lookups, data)
        else:
            faults_of(Lookups, data)


def test_a_text_that_holds_no_json_is_a_422_and_a_body_that_is_none_a_400() -> None:
    assert list(faults_of(pydantic.Json[int], "[")) == ["#"]
    with pytest.raises(MalformedInput):
        signature_of(pydantic.Json[int]).decode(Message("application/json", {}, b"["))


@pytest.mark.parametrize("body", [b'{"rate": NaN, "count": 1}', b'{"rate": -Infinity, "count": 1}'])
def test_nan_and_infinity_are_not_json(body: bytes) -> None:
    with pytest.raises(MalformedInput):
        signature_of(Limits).decode(Message("application/json", {}, body))
    text = b'{"kind": "dog", "name": "NaN and Infinity"}'
    assert signature_of(Dog).decode(Message("application/json", {}, text))


def test_event_data_is_checked_as_json_in_strict_models_too() -> None:
    class Strict(pydantic.BaseModel, strict=True):
        id: uuid.UUID

    def function(event, data) -> None: ...  # type: ignore[no-untyped-def]

    function.__annotations__["data"] = Strict
    checked = event_data(function, Signature.CLOUDEVENT)
    assert checked is not None
    assert checked.convert({"id": UUID}) == Strict(id=uuid.UUID(UUID))
    assert decoded(Strict, {"id": UUID}) == Strict(id=uuid.UUID(UUID))


def test_secrets_are_kept_under_every_name_they_are_looked_up_by() -> None:
    class Login(pydantic.BaseModel):
        first: pydantic.SecretStr | None = None
        second: pydantic.SecretStr | None = None
        third: Annotated[int, Secret] = Field(default=0, validation_alias=AliasChoices("x", "y"))
        fourth: Annotated[int, Secret] = Field(default=0, validation_alias=AliasPath("a", "b"))
        fifth: pydantic.Json[dict[str, Annotated[int, Secret]]] | None = None

    for data in (
        {"first": [PIN]}, {"second": [PIN]}, {"x": PIN}, {"y": PIN}, {"a": {"b": PIN}},
        {"fifth": json.dumps({"k": PIN})},
    ):  # fmt: skip
        (detail,) = faults_of(Login, data).values()
        assert detail.startswith("The value is not valid. It is not shown")


def test_a_tag_is_not_repeated() -> None:
    assert PIN not in repr(faults_of(Pet, {"kind": PIN}))


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (Cat | Holder, "Unable to generate pydantic-core schema for .*Holder"),
        (Annotated[Cat, msgspec.Meta(max_length=1)], "does not heed msgspec.Meta"),
        (list[ForwardRef("Nowhere")] | Cat, "Nowhere"),  # type: ignore[misc]
    ],
)
def test_what_cannot_be_checked_is_refused_at_load(annotation: Any, words: str) -> None:
    with pytest.raises(FunctionsFrameworkException, match=words) as caught:
        signature_of(annotation)
    assert "\n" not in str(caught.value)


def test_limits_that_the_library_in_charge_does_not_read_are_refused_at_load() -> None:
    class Lenient(pydantic.BaseModel):
        count: Annotated[int, msgspec.Meta(ge=1)]

    class Struct(msgspec.Struct):
        count: Annotated[int, annotated_types.Gt(0)]

    @attrs.define
    class Attrs:
        count: pydantic.PositiveInt

    class Settable(pydantic.BaseModel):
        is_admin: bool = Field(default=False, init=False)

    for kind, words in [
        (Lenient, "does not heed msgspec.Meta"),
        (Struct, "Gt.gt=0. is checked by pydantic only"),
        (Attrs, "Gt.gt=0. is checked by pydantic only"),
        (list[Settable], "init=False of Settable.is_admin"),
    ]:
        with pytest.raises(FunctionsFrameworkException, match=words):
            signature_of(kind)


def test_what_json_cannot_hold_is_described_as_impossible() -> None:
    class Connection:
        pass

    class Holder(pydantic.BaseModel):
        name: str
        connection: pydantic.InstanceOf[Connection] | None = None

    assert decoded(Holder, {"name": "a"}) == Holder(name="a")
    assert list(faults_of(Holder, {"name": "a", "connection": 1})) == ["#/connection"]
    assert fits(Holder, {"name": "a"})
    assert not fits(Holder, {"name": "a", "connection": 1})
