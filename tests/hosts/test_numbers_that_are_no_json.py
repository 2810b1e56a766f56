"""Results that hold NaN or an infinity are crashes: JSON has none (RFC 8259, section 6)."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec
import pydantic
import pytest

from functions_framework.api.registrations import Registrations
from functions_framework.api.sse import sse
from functions_framework.model.function import Signature
from support.in_memory import EVENT_HOSTS, HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable

BAD = [float("nan"), float("inf"), float("-inf")]


class Old:
    def __init__(self, x: float) -> None:
        self.x = x

    @staticmethod
    def from_dict(given: Any) -> Old:
        return Old(given["x"])

    def to_dict(self) -> Any:
        return {"deep": [{"x": self.x}]}


@dataclasses.dataclass
class Point:
    x: float
    note: str | None = None


class Struct(msgspec.Struct):
    x: float


class Model(pydantic.BaseModel, ser_json_inf_nan="constants"):
    x: float


class Row(TypedDict):
    x: float


def _raise_key_error(_: Any) -> Any:
    raise KeyError


RESULTS: dict[str, Callable[[float], Any]] = {
    "to_dict": Old,
    "dataclass": Point,
    "Struct": Struct,
    "model": lambda x: Model(x=x),
    "dict": lambda x: {"a": [x]},
    "list": lambda x: [x],
    "with status": lambda x: (Point(x), 201),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_typed_result_that_is_not_json_is_a_crash(
    host: str, name: str, bad: float, caplog: pytest.LogCaptureFixture
) -> None:
    def function(given):  # type: ignore[no-untyped-def]
        return RESULTS[name](bad)

    json = {"content-type": "application/json"}
    for kind in (Old, Point):
        ask = serve(host, function, Signature.TYPED, input_type=kind)
        assert ask("POST", "/", json, b'{"x": 1}').is_crash
        assert "JSON" in caplog.text


@pytest.mark.parametrize("kind", [Row, list[float], dict[str, float]])
@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_so_is_one_of_the_annotated_type(host: str, kind: Any) -> None:
    results = {Row: {"x": BAD[0]}, list[float]: [BAD[1]], dict[str, float]: {"y": BAD[2]}}

    def function(given):  # type: ignore[no-untyped-def]
        return results[kind]

    function.__annotations__["return"] = kind
    ask = serve(host, function, Signature.TYPED, input_type=Point)
    assert ask("POST", "/", {"content-type": "application/json"}, b'{"x": 1}').is_crash


@pytest.mark.parametrize("host", [name for name in HOSTS if name != "wsgi"])
def test_so_is_what_an_async_function_or_its_handler_returns(host: str) -> None:
    assert serve(host, lambda _: {"a": [BAD[0]]})().is_crash
    handlers = Registrations()
    handlers.error_handlers.append((KeyError, lambda _: {"a": BAD[1]}))
    assert serve(host, _raise_key_error, handlers=handlers)().is_crash


def test_a_function_with_flask_sends_what_flask_writes() -> None:
    assert serve("wsgi", lambda _: {"a": BAD[0]})().body == b'{"a":NaN}\n'


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_null_and_words_are_json(host: str) -> None:
    ask = serve(host, lambda given: Point(1, None), Signature.TYPED, input_type=Point)
    json = {"content-type": "application/json"}
    assert ask("POST", "/", json, b'{"x": 1}').body == b'{"x":1,"note":null}'
    ask = serve(host, lambda given: Point(1, "NaN null"), Signature.TYPED, input_type=Point)
    assert ask("POST", "/", json, b'{"x": 1}').body == b'{"x":1,"note":"NaN null"}'


def test_an_event_of_a_stream_breaks_it_off() -> None:
    answer = serve("asgi", lambda _: sse(iter([{"a": 1}, {"a": BAD[0]}])))()
    assert not answer.is_whole
