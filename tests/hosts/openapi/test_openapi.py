"""The OpenAPI document: valid, complete, and in agreement with what the functions take."""

from __future__ import annotations

import copy
import dataclasses
import json
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pydantic
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.openapi.document import document
from functions_framework.model.function import Function, Signature
from functions_framework.signatures.types.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

PIN = "pin-4711-pin"


class Color(Enum):
    RED = "red"


@dataclasses.dataclass(frozen=True)
class Login:
    user: str
    password: Annotated[str, Secret] = PIN


@dataclasses.dataclass
class Order:
    name: str
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    tags: list[str] = dataclasses.field(default_factory=list)
    color: Color | None = None
    parent: Order | None = None
    login: Login = Login("u")


@dataclasses.dataclass
class Problem:
    own: int


class Cat(msgspec.Struct, tag=True):
    age: int


class Dog(msgspec.Struct, tag=True):
    name: str
    mapping: dict[str, str] = {}
    propertyName: str = ""  # noqa: N815 - looks like a discriminator, and is none


class Model(pydantic.BaseModel):
    inner: Inner
    secret: Annotated[str, Secret] = PIN


class Inner(pydantic.BaseModel):
    numbers: list[int] = [1]


def same_name() -> type:
    class Cat(pydantic.BaseModel):
        lives: int = 9

    return Cat


PydanticCat = same_name()


class Legacy:
    @classmethod
    def from_dict(cls, given: Any) -> Legacy:
        raise AssertionError(given)


def order(value: Order) -> Order:
    """Take an order.

    It is sent back.
    """
    return value


def animal(value: Cat | Dog) -> list[Cat]:
    raise AssertionError(value)


def untagged(value: Order | Problem | None) -> Problem | None:
    raise AssertionError(value)


def model(value: Model) -> Model:
    return value


def cat_of_pydantic(value: PydanticCat) -> None:  # type: ignore[valid-type]
    raise AssertionError(value)


def number(value: int) -> str:
    return str(value)


def names(value: dict[str, list[int]]) -> object:
    return value


def optional(value: list[int] | None):  # type: ignore[no-untyped-def]
    raise AssertionError(value)


def legacy(value: Legacy) -> str:
    raise AssertionError(value)


ALL: list[Callable[..., Any]] = [
    order, animal, untagged, model, cat_of_pydantic, number, names, optional, legacy
]  # fmt: skip


def typed(call: Callable[..., Any], path: str | None = None) -> Function:
    return Function(call, call.__name__, Signature.TYPED, path=path)


def validated(functions: list[Function]) -> dict[str, Any]:
    made = document(functions)
    json.dumps(made)
    OpenAPIV31SpecValidator(copy.deepcopy(made)).validate()
    return made


EVERYTHING = validated([typed(call) for call in ALL])


@pytest.mark.parametrize("call", ALL, ids=lambda call: call.__name__)
def test_the_document_of_each_function_alone_is_valid(call: Callable[..., Any]) -> None:
    assert list(validated([typed(call)])["paths"]) == ["/"]


def test_the_document_of_all_is_valid_and_has_each_at_its_path() -> None:
    assert EVERYTHING["openapi"].startswith("3.1.")
    assert list(EVERYTHING["paths"]) == [f"/{call.__name__}" for call in ALL]
    assert list(validated([typed(order, "/orders"), typed(number)])["paths"]) == [
        "/orders",
        "/number",
    ]


def test_functions_of_other_signatures_are_left_out() -> None:
    hello = Function(lambda request: request, "hello", Signature.HTTP)
    made = validated([hello, typed(number)])
    assert list(made["paths"]) == ["/number"]
    assert validated([hello])["paths"] == {}


def test_texts_come_from_the_docstring() -> None:
    operation = EVERYTHING["paths"]["/order"]["post"]
    assert operation["summary"] == "Take an order."
    assert operation["description"] == "It is sent back."
    assert EVERYTHING["paths"]["/number"]["post"]["summary"] == "number"


def test_bodies_and_results_refer_to_the_types() -> None:
    post = EVERYTHING["paths"]["/order"]["post"]
    reference = {"$ref": "#/components/schemas/Order"}
    assert post["requestBody"]["content"] == {"application/json": {"schema": reference}}
    assert post["responses"]["200"]["content"] == {"application/json": {"schema": reference}}
    number_ok = EVERYTHING["paths"]["/number"]["post"]["responses"]["200"]
    assert number_ok["content"] == {"application/json": {"schema": {"type": "string"}}}
    assert "content" not in EVERYTHING["paths"]["/cat_of_pydantic"]["post"]["responses"]["200"]


@pytest.mark.parametrize("path", EVERYTHING["paths"])
def test_every_refusal_is_described(path: str) -> None:
    operations = EVERYTHING["paths"][path]
    if path == "/legacy":
        assert list(operations) == ["post"]
        assert set(operations["post"]["responses"]) == {"200", "400", "415", "500"}
        return
    assert set(operations["post"]["responses"]) == {"200", "400", "415", "422", "500"}
    assert set(operations["get"]["responses"]) == {"200", "400", "422", "500"}
    content = operations["post"]["responses"]["422"]["content"]
    name = content["application/problem+json"]["schema"]["$ref"].rpartition("/")[2]
    assert "errors" in EVERYTHING["components"]["schemas"][name]["properties"]


def test_classes_of_one_name_keep_apart() -> None:
    schemas = EVERYTHING["components"]["schemas"]
    assert schemas["Problem"]["properties"].keys() == {"own"}
    assert "errors" in schemas["Problem2"]["properties"]
    body = EVERYTHING["paths"]["/cat_of_pydantic"]["post"]["requestBody"]
    reference = body["content"]["application/json"]["schema"]
    name = reference.get("$ref", "").rpartition("/")[2]
    described = schemas[name] if name else reference
    assert described["properties"].keys() == {"lives"}
    assert "age" in schemas["Cat"]["properties"]


def test_all_references_lead_somewhere() -> None:
    known = {f"#/components/schemas/{name}" for name in EVERYTHING["components"]["schemas"]}
    text = json.dumps(EVERYTHING)
    found = set(text.split('"#/components')[1:])
    assert found
    assert {"#/components" + item.partition('"')[0] for item in found} <= known


def test_secrets_are_write_only_and_their_defaults_are_not_told() -> None:
    schemas = EVERYTHING["components"]["schemas"]
    assert schemas["Login"]["properties"]["password"]["writeOnly"] is True
    assert schemas["Model"]["properties"]["secret"]["writeOnly"] is True
    assert PIN not in json.dumps(EVERYTHING)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/order", {"name": True, "count": False, "tags": False, "color": False}),
        ("/number", {"value": True}),
        ("/optional", {"value": False}),
        ("/names", {"value": False}),
        ("/animal", {"value": False}),
    ],
)
def test_query_parameters(path: str, parameters: dict[str, bool]) -> None:
    found = {
        item["name"]: item.get("required", False)
        for item in EVERYTHING["paths"][path]["get"]["parameters"]
    }
    assert parameters.items() <= found.items()


@pytest.mark.parametrize(
    ("path", "data", "is_valid"),
    [
        ("/order", {"name": "a", "parent": {"name": "b"}}, True),
        ("/order", {"name": "a", "count": 0}, False),
        ("/animal", {"type": "Dog", "name": "x"}, True),
        ("/animal", {"type": "Cow"}, False),
        ("/untagged", {"own": 1}, True),
        ("/model", {"inner": {"numbers": [1]}}, True),
        ("/model", {"inner": 1}, False),
    ],
)
def test_the_schemas_say_what_the_functions_take(path: str, data: Any, is_valid: bool) -> None:
    body = EVERYTHING["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = {**body["schema"], "components": EVERYTHING["components"]}
    assert OAS31Validator(schema).is_valid(data) is is_valid


def test_a_function_without_a_type_is_a_start_up_error() -> None:
    def bare(value) -> None: ...  # type: ignore[no-untyped-def]

    with pytest.raises(FunctionsFrameworkException, match="has no type"):
        document([typed(bare)])
