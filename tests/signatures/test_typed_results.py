"""Results of functions whose input is checked by annotation: JSON by the return annotation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import attrs
import msgspec
import pydantic
import pytest
from flask import Response as FlaskResponse
from starlette.responses import Response as StarletteResponse
from typing_extensions import TypedDict

from functions_framework.model.message import Reply
from functions_framework.signatures.typed import TypedSignature

HTML = "text/html; charset=utf-8"
JSON = "application/json"


class Color(enum.Enum):
    RED = "red"


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Order:
    name: str
    count: int = 1


@attrs.define
class Item:
    name: str


class Row(msgspec.Struct, rename="camel"):
    row_id: int


class Document(TypedDict):
    title: str


class WithToDict:
    def to_dict(self) -> dict[str, Any]:
        return {"b": 1, "a": "ü"}


def encode(annotation: Any, result: Any) -> Reply:
    def function(value: int) -> Any:
        return value

    function.__annotations__["return"] = annotation
    if annotation is None:
        del function.__annotations__["return"]
    return TypedSignature(function).encode(result)


@pytest.mark.parametrize(
    ("annotation", "result", "body"),
    [
        (Order, Order("a"), b'{"name":"a","count":1}'),
        (Order, {"name": "a"}, b'{"name":"a"}'),
        (list[Order], [Order("a")], b'[{"name":"a","count":1}]'),
        (dict[str, Row], {"x": Row(1)}, b'{"x":{"rowId":1}}'),
        (Item, Item("a"), b'{"name":"a"}'),
        (Document, {"title": "ü"}, '{"title":"ü"}'.encode()),
        (Order | None, None, b"null"),
        (Order | Row, Row(2), b'{"rowId":2}'),
        (int, 3, b"3"),
        (bool, True, b"true"),
        (float, 2, b"2"),
        (str, "x", b'"x"'),
        (bytes, b"hi", b'"aGk="'),
        (Literal["a"], "a", b'"a"'),
        (tuple[int, int], (1, 2), b"[1,2]"),
        (Point, Point(1, 2), b"[1,2]"),
        (set[int], {1}, b"[1]"),
        (Color, Color.RED, b'"red"'),
        (dt.date, dt.date(2024, 1, 2), b'"2024-01-02"'),
        (uuid.UUID, uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (decimal.Decimal, decimal.Decimal("1.50"), b'"1.50"'),
        (None, Order("a"), b'{"name":"a","count":1}'),
        (None, Row(1), b'{"rowId":1}'),
        (Order, WithToDict(), b'{"b": 1, "a": "\\u00fc"}'),
        (dict[str, Any], {"x": WithToDict()}, '{"x":{"b":1,"a":"ü"}}'.encode()),
    ],
)
def test_json(annotation: Any, result: Any, body: bytes) -> None:
    assert encode(annotation, result) == Reply(200, [("content-type", JSON)], body)


@pytest.mark.parametrize(
    ("annotation", "result", "status", "content_type", "body"),
    [
        (None, "x", 200, HTML, b"x"),
        (None, {"b": 1, "a": 2}, 200, JSON, b'{"a":2,"b":1}\n'),
        (type(None), None, 200, HTML, b""),
        (Order, None, 200, HTML, b""),
        (Order, "not found", 200, HTML, b"not found"),
        (Order, ("not found", 404), 404, HTML, b"not found"),
        (Order, (Order("a"), 201), 201, JSON, b'{"name":"a","count":1}'),
        (Order, (Order("a"), 201, {"X-A": "b"}), 201, JSON, b'{"name":"a","count":1}'),
        (list[int], ([1], 202), 202, JSON, b"[1]"),
        (Order, FlaskResponse("x", 418, content_type="a/b"), 418, "a/b", b"x"),
        (Order, StarletteResponse("x", 418, media_type="a/b"), 418, "a/b", b"x"),
        (FlaskResponse, FlaskResponse("x", content_type="a/b"), 200, "a/b", b"x"),
        (Order | FlaskResponse, Order("a"), 200, JSON, b'{"name":"a","count":1}'),
    ],
)
def test_what_the_annotation_does_not_cover_follows_the_return_rules(
    annotation: Any, result: Any, status: int, content_type: str, body: bytes
) -> None:
    reply = encode(annotation, result)
    headers = {name.lower(): value for name, value in reply.headers}
    assert (reply.status, headers["content-type"], reply.body) == (status, content_type, body)


@pytest.mark.parametrize(
    ("annotation", "result"),
    [(None, 3), (None, True), (Order, 3), (Order, object()), (list[Any], [object()])],
)
def test_crashes(annotation: Any, result: Any) -> None:
    with pytest.raises((TypeError, NotImplementedError), match=r"int|bool|object"):
        encode(annotation, result)


def test_a_generator_is_streamed_whatever_it_yields() -> None:
    reply = encode(Iterator[str], iter(["a", "b"]))
    assert list(reply.body) == ["a", "b"]  # type: ignore[arg-type]


NAN, INFINITY = float("nan"), float("inf")


@dataclasses.dataclass
class Measured:
    value: Any
    unit: str | None = None


class Measurement(pydantic.BaseModel):
    value: Any
    rate: float = 0
    unit: str | None = None


class Told(pydantic.BaseModel, ser_json_inf_nan="strings"):
    rate: float
    unit: str | None = None


class ToldAsNull(pydantic.BaseModel, ser_json_inf_nan="null"):
    rate: float


class ToldAsConstant(pydantic.BaseModel, ser_json_inf_nan="constants"):
    rate: float


class Flagged(pydantic.BaseModel):
    is_admin: bool = pydantic.Field(default=False, init=False)


@dataclasses.dataclass
class Limited:
    count: Annotated[int, msgspec.Meta(gt=9)] | float
    items: set[tuple[list[int], ...]] = dataclasses.field(default_factory=set)


@dataclasses.dataclass
class Seeded:
    count: int
    seed: dataclasses.InitVar[int]
    total: int = dataclasses.field(init=False, default=0)


class Dictated:
    def __init__(self, value: Any) -> None:
        self.value = value

    def to_dict(self) -> dict[str, Any]:
        return {"value": self.value}


ITSELF: list[Any] = []
ITSELF.append(ITSELF)


@pytest.mark.parametrize(
    ("annotation", "result"),
    [
        (float, NAN),
        (float, -INFINITY),
        (list[float], [1.5, NAN]),
        (dict[str, Any], {"a": {"b": [INFINITY]}}),
        (Measured, Measured(NAN)),
        (None, Measured(NAN)),
        (None, Measured([NAN], "m")),
        (Measured, Measured(2**70 * NAN)),
        (list[Any], [2**70, NAN, None]),
        (dict[str, Any], {"x": Dictated(NAN)}),
        (None, Dictated(NAN)),
        (None, Dictated({1})),
        (None, Dictated(b"x")),
        (None, Dictated(ITSELF)),
        (None, {"a": NAN}),
        (None, [INFINITY]),
        (None, ({"a": NAN}, 200)),
        (None, {"a": {1}}),
        (None, {"a": b"x"}),
        (None, ITSELF),
        (Measured, Measured(ITSELF)),
        (Measured, Measured("\ud800")),
        (str, "\ud800"),
        (None, Measurement(value="\ud800")),
        (None, Measurement(value=b"\xff")),
        (None, Measurement(value=object())),
        (ToldAsConstant, ToldAsConstant(rate=NAN)),
        (None, ToldAsConstant(rate=INFINITY)),
    ],
)
def test_what_json_cannot_say_is_a_crash(annotation: Any, result: Any) -> None:
    with pytest.raises((ValueError, TypeError, RecursionError)):
        encode(annotation, result)


@pytest.mark.parametrize(
    ("annotation", "result", "body"),
    [
        (Measured, Measured(None, "NaN"), b'{"value":null,"unit":"NaN"}'),
        (Measured, Measured(2**70), b'{"value":1180591620717411303424,"unit":null}'),
        (Measured, Measured(b"\xcb\x7f\xf8"), b'{"value":"y3/4","unit":null}'),
        (decimal.Decimal, decimal.Decimal("NaN"), b'"NaN"'),
        (Measurement, Measurement(value="NaN"), b'{"value":"NaN","rate":0.0,"unit":null}'),
        (Flagged, Flagged.model_validate({"is_admin": True}), b'{"is_admin":true}'),
        (None, Flagged(), b'{"is_admin":false}'),
        (list[Flagged], [Flagged()], b'[{"is_admin":false}]'),
        (list[Limited], [Limited(10)], b'[{"count":10,"items":[]}]'),
        (list[Seeded], [Seeded(1, 2)], b'[{"count":1,"total":0}]'),
        (Seeded | None, None, b"null"),
        (None, Seeded(1, 2), b'{"count":1,"total":0}'),
        (Seeded | Order, Seeded(1, 2), b'{"count":1,"total":0}'),
        (dict[str, Any], {"a": Seeded(1, 2)}, b'{"a":{"count":1}}'),
        (Told, Told(rate=NAN), b'{"rate":"NaN","unit":null}'),
        (None, Told(rate=NAN), b'{"rate":"NaN","unit":null}'),
        (ToldAsNull, ToldAsNull(rate=NAN), b'{"rate":null}'),
        (None, {"a": None, "b": "NaN"}, b'{"a":null,"b":"NaN"}\n'),
    ],
)
def test_what_only_looks_like_it_is_written(annotation: Any, result: Any, body: bytes) -> None:
    assert encode(annotation, result).body == body
