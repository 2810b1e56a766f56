"""Types of pydantic's, which pydantic checks and writes."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated, Any

import pydantic
import pytest
from typing_extensions import TypedDict

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.message import Message
from functions_framework.signatures.problems import (
    InvalidInput,
    MalformedInput,
    UnsupportedInputType,
)
from functions_framework.signatures.typed import TypedSignature
from functions_framework.signatures.types.secret import Secret
from functions_framework.signatures.types.type_choice import is_pydantic
from support.typed_signatures import signature_of

PIN = "pin-4711-pin"


class Line(pydantic.BaseModel):
    sku: str = pydantic.Field(min_length=3)
    count: int = pydantic.Field(default=1, ge=1)


class Order(pydantic.BaseModel):
    order_name: str = pydantic.Field(alias="orderName")
    lines: list[Line] = []
    parent: Order | None = None


class Credentials(pydantic.BaseModel):
    user: str
    password: Annotated[str, Secret, pydantic.Field(min_length=20)]
    token: pydantic.SecretStr = pydantic.SecretStr("")
    code: Annotated[int | None, Secret] = pydantic.Field(default=None, alias="theCode")
    keys: Annotated[dict[str, int], Secret] = {}

    @pydantic.model_validator(mode="after")
    def check(self) -> Credentials:
        if self.user == "own check":
            raise ValueError(f"not with {self.password}")
        return self


@pydantic.dataclasses.dataclass
class Checked:
    count: int


@dataclasses.dataclass
class Holder:
    lines: list[Line]


class Keyed(TypedDict):
    line: Line


def post(data: Any) -> Message:
    return Message("application/json", {}, json.dumps(data).encode())


def get(query: str) -> Message:
    return Message(None, {}, b"", query=query, method="GET")


@pytest.mark.parametrize(
    ("annotation", "data", "value"),
    [
        (Line, {"sku": "abc", "count": "2"}, Line(sku="abc", count=2)),
        (Order, {"orderName": "a", "lines": [{"sku": "abc"}]},
         Order(orderName="a", lines=[Line(sku="abc")])),
        (list[Line], [{"sku": "abc"}], [Line(sku="abc")]),
        (Line | None, None, None),
        (Checked, {"count": 1}, Checked(1)),
        (Holder, {"lines": [{"sku": "abc"}]}, Holder([Line(sku="abc")])),
        (Keyed, {"line": {"sku": "abc"}}, {"line": Line(sku="abc")}),
        (dict[str, Line], {"x": {"sku": "abc"}}, {"x": Line(sku="abc")}),
    ],
)  # fmt: skip
def test_bodies(annotation: Any, data: Any, value: Any) -> None:
    assert is_pydantic(annotation)
    assert signature_of(annotation).decode(post(data)) == (value,)


@pytest.mark.parametrize("annotation", [int, list[str], dict[str, Any], bytes | None])
def test_other_types_are_not_pydantics(annotation: Any) -> None:
    assert not is_pydantic(annotation)


@pytest.mark.parametrize(
    ("annotation", "query", "value"),
    [
        (Line, "sku=abc&count=2", Line(sku="abc", count=2)),
        (list[pydantic.PositiveInt], "value=1", [1]),
        (Line | None, "sku=abc", Line(sku="abc")),
    ],
)
def test_query_strings(annotation: Any, query: str, value: Any) -> None:
    assert signature_of(annotation).decode(get(query)) == (value,)


def test_every_fault_is_listed() -> None:
    with pytest.raises(InvalidInput) as caught:
        signature_of(Order).decode(post({"lines": [{"sku": "a", "count": 0}, 3]}))
    document = json.loads(caught.value.reply().body)  # type: ignore[arg-type]
    assert document["status"] == 422
    assert [entry["pointer"] for entry in document["errors"]] == [
        "#/orderName",
        "#/lines/0/sku",
        "#/lines/0/count",
        "#/lines/1",
    ]
    assert document["errors"][0]["detail"] == "The field is required."


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({"user": "u", "password": PIN}, "#/password"),
        ({"user": "u", "password": PIN * 9, "theCode": PIN}, "#/theCode"),
        ({"user": "u", "password": PIN * 9, "token": [PIN]}, "#/token"),
        ({"user": "u", "password": PIN * 9, "keys": {PIN: PIN}}, "#/keys"),
        ({"user": "own check", "password": PIN * 9}, "#"),
    ],
)
def test_a_secret_value_is_never_repeated(data: Any, pointer: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        signature_of(Credentials).decode(post(data))
    body = caught.value.reply().body
    assert isinstance(body, bytes)
    assert PIN.encode() not in body
    assert [entry["pointer"] for entry in json.loads(body)["errors"]] == [pointer]


def test_the_models_own_message_is_shown_where_nothing_is_secret() -> None:
    class Even(pydantic.BaseModel):
        count: int

        @pydantic.field_validator("count")
        @classmethod
        def check(cls, count: int) -> int:
            if count % 2:
                raise ValueError("must be even")
            return count

    with pytest.raises(InvalidInput) as caught:
        signature_of(Even).decode(post({"count": 1}))
    assert caught.value.faults[0].detail == "Value error, must be even."


def test_wrong_query_strings_name_the_parameter() -> None:
    with pytest.raises(InvalidInput) as caught:
        signature_of(Line).decode(get("count=x"))
    entries = caught.value.members()["errors"]
    assert [entry["parameter"] for entry in entries] == ["sku", "count"]
    with pytest.raises(InvalidInput) as caught:
        signature_of(list[pydantic.PositiveInt]).decode(get(""))
    assert caught.value.faults == ((("value",), "The field is required."),)


def test_a_body_that_is_not_json_is_a_400_and_another_media_type_a_415() -> None:
    signature = signature_of(Line)
    with pytest.raises(MalformedInput, match="not JSON"):
        signature.decode(Message("application/json", {}, b"{"))
    with pytest.raises(UnsupportedInputType):
        signature.decode(Message("text/plain", {}, b"{}"))


def test_results() -> None:
    def one(value: Line) -> Order:
        raise AssertionError(value)

    def many(value: Line) -> list[Order]:
        raise AssertionError(value)

    def bare(value: Line):  # type: ignore[no-untyped-def]
        raise AssertionError(value)

    order = Order(orderName="ü")
    body = '{"orderName":"ü","lines":[],"parent":null}'.encode()
    assert TypedSignature(one).encode(order).body == body
    assert TypedSignature(one).encode((order, 201)).status == 201
    assert TypedSignature(many).encode([order]).body == b"[" + body + b"]"
    assert TypedSignature(bare).encode(order).body == body


def test_a_type_pydantic_cannot_check_is_a_start_up_error() -> None:
    class Plain:
        pass

    class Known(pydantic.BaseModel):
        pass

    with pytest.raises(FunctionsFrameworkException, match="cannot be checked"):
        signature_of(dict[str, Known | Plain])
