"""Types that are checked by annotation: what goes in, from bodies and query strings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal, NamedTuple

import attrs
import msgspec
import pytest
from typing_extensions import NotRequired, TypedDict

from functions_framework.model.message import Message
from functions_framework.signatures.problems import (
    InvalidInput,
    MalformedInput,
    UnsupportedInputType,
)
from functions_framework.signatures.typed import TypedSignature
from support.typed_signatures import signature_of


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Order:
    name: str
    count: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)
    color: Color | None = None
    parent: Order | None = None


@attrs.define
class Item:
    name: str
    price: decimal.Decimal = decimal.Decimal(0)


class Document(TypedDict):
    title: str
    pages: NotRequired[int]


class Cat(msgspec.Struct, tag=True, rename="camel"):
    tail_length: int


class Dog(msgspec.Struct, tag=True):
    name: str


class Point(NamedTuple):
    x: int
    y: int


def post(body: bytes, content_type: str | None = "application/json") -> Message:
    return Message(content_type, {}, body)


def get(query: str, method: str = "GET") -> Message:
    return Message(None, {}, b"", query=query, method=method)


@pytest.mark.parametrize(
    ("annotation", "body", "value"),
    [
        (Order, b'{"name": "a", "parent": {"name": "b"}}', Order("a", parent=Order("b"))),
        (Order, b'{"name": "a", "color": "red", "new": 1}', Order("a", color=Color.RED)),
        (Item, b'{"name": "a", "price": "1.50"}', Item("a", decimal.Decimal("1.50"))),
        (Document, b'{"title": "a"}', {"title": "a"}),
        (Cat, b'{"type": "Cat", "tailLength": 3}', Cat(3)),
        (Cat | Dog, b'{"type": "Dog", "name": "x"}', Dog("x")),
        (Point, b"[1, 2]", Point(1, 2)),
        (list[Order], b'[{"name": "a"}]', [Order("a")]),
        (dict[str, int], b'{"a": 1}', {"a": 1}),
        (dict[int, Color], b'{"1": "red"}', {1: Color.RED}),
        (int | None, b"null", None),
        (int | str, b'"x"', "x"),
        (int, b"3", 3),
        (float, b"3", 3.0),
        (bool, b"true", True),
        (str, b'"x"', "x"),
        (bytes, b'"aGk="', b"hi"),
        (Level, b"1", Level.LOW),
        (Literal["a", "b"], b'"b"', "b"),
        (set[int], b"[1, 1]", {1}),
        (tuple[int, str], b'[1, "x"]', (1, "x")),
        (dt.date, b'"2024-02-29"', dt.date(2024, 2, 29)),
        (
            dt.datetime,
            b'"2024-02-29T01:02:03Z"',
            dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=dt.timezone.utc),
        ),
        (uuid.UUID, f'"{uuid.UUID(int=7)}"'.encode(), uuid.UUID(int=7)),
        (decimal.Decimal, b'"0.1"', decimal.Decimal("0.1")),
        (object, b'{"a": [1]}', {"a": [1]}),
        (Any, b"[1]", [1]),
        (Annotated[int, msgspec.Meta(ge=1)], b"1", 1),
    ],
)
def test_bodies(annotation: Any, body: bytes, value: Any) -> None:
    (found,) = signature_of(annotation).decode(post(body))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "query", "value"),
    [
        (Order, "name=a&count=3", Order("a", 3)),
        (Order, "name=5&color=blue", Order("5", color=Color.BLUE)),
        (Order, "name=a&tags=x", Order("a", tags=["x"])),
        (Order, "name=a&tags=x&tags=y", Order("a", tags=["x", "y"])),
        (Order, "name=a+b%20%C3%BC", Order("a b ü")),
        (Order, "name=", Order("")),
        (Order | None, "name=a", Order("a")),
        (Item, "name=a&price=1.5", Item("a", decimal.Decimal("1.5"))),
        (Document, "title=t&pages=4", {"title": "t", "pages": 4}),
        (Cat | Dog, "type=Cat&tailLength=2", Cat(2)),
        (dict[str, int], "a=1&b=2", {"a": 1, "b": 2}),
        (dict[str, list[int]], "a=1&b=2&b=3", {"a": [1], "b": [2, 3]}),
        (int, "value=4", 4),
        (bool, "value=true", True),
        (list[int], "value=4", [4]),
        (list[int], "value=4&value=5", [4, 5]),
        (Color, "value=red", Color.RED),
        (Level, "value=1", Level.LOW),
        (dt.date, "value=2024-02-29", dt.date(2024, 2, 29)),
        (int | None, "", None),
        (int | None, "value=null", None),
        (Any, "a=1&a=2", {"a": ["1", "2"]}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_query_strings(annotation: Any, query: str, value: Any, method: str) -> None:
    assert signature_of(annotation).decode(get(query, method)) == (value,)


@pytest.mark.parametrize(
    ("annotation", "query", "parameter", "detail"),
    [
        (Order, "", "name", "required"),
        (Order, "name=a&count=x", "count", "Expected `int`"),
        (Order, "name=a&count=", "count", "Expected `int`"),
        (Order, "name=a&count=1&count=2", "count", "got `array`"),
        (Order, "name=a&color=green", "color", "Expected one of 'red', 'blue'"),
        (int, "", "value", "required"),
        (int, "value=x", "value", "Expected `int`"),
        (list[int], "value=1&value=x", "value", "Expected `int`"),
        (list[int], "", "value", "required"),
    ],
)
def test_wrong_query_strings_name_the_parameter(
    annotation: Any, query: str, parameter: str, detail: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        signature_of(annotation).decode(get(query))
    (entry,) = caught.value.members()["errors"]
    assert entry["parameter"] == parameter
    assert detail in entry["detail"]


def test_a_query_string_that_is_not_utf8_is_a_400() -> None:
    with pytest.raises(MalformedInput, match="UTF-8") as caught:
        signature_of(Order).decode(get("name=%ff"))
    assert caught.value.reply().status == 400


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"count": "x", ', b'{"name": "\xff"}', b"[" * 100_000, b"NaN"],
    ids=["empty", "cut-off", "wrong and cut-off", "not UTF-8", "deep", "NaN"],
)
def test_a_body_that_is_not_json_is_a_400_problem(body: bytes) -> None:
    with pytest.raises(MalformedInput, match="not JSON") as caught:
        signature_of(Order).decode(post(body))
    reply = caught.value.reply()
    assert reply.status == 400
    assert reply.headers == [("content-type", "application/problem+json")]
    assert msgspec.json.decode(reply.body)["title"] == "Bad Request"  # type: ignore[arg-type]


def test_another_media_type_is_a_415_problem() -> None:
    with pytest.raises(UnsupportedInputType) as caught:
        signature_of(Order).decode(post(b"{}", "text/plain"))
    reply = caught.value.reply()
    assert reply.status == 415
    document = msgspec.json.decode(reply.body)  # type: ignore[arg-type]
    assert document == {
        "type": "about:blank",
        "title": "Unsupported Media Type",
        "status": 415,
        "detail": "Expected a body of the media type application/json.",
    }


def test_a_number_out_of_range_is_a_422() -> None:
    with pytest.raises(InvalidInput) as caught:
        signature_of(dict[str, float]).decode(post(b'{"a": 1e999}'))
    assert "out of range" in caught.value.faults[0].detail


def test_an_exception_of_the_users_own_class_is_a_crash_but_a_value_error_a_refusal() -> None:
    @dataclasses.dataclass
    class Checked:
        count: int

        def __post_init__(self) -> None:
            if self.count < 0:
                raise ValueError("count must not be negative")
            if self.count == 0:
                raise LookupError("a bug")

    signature = signature_of(Checked)
    with pytest.raises(InvalidInput) as caught:
        signature.decode(post(b'{"count": -1}'))
    assert caught.value.faults == (((), "count must not be negative."),)
    with pytest.raises(LookupError, match="a bug"):
        signature.decode(post(b'{"count": 0}'))


def test_an_async_function_is_described_like_any_other() -> None:
    async def function(order: Order) -> Order:
        return order

    signature = TypedSignature(function)
    (order,) = signature.decode(post(b'{"name": "a"}'))
    assert signature.encode(order).body == (
        b'{"name":"a","count":1,"tags":[],"color":null,"parent":null}'
    )
