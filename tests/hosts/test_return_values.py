"""The one table of what an http function may return, over every host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import flask
import pytest
from starlette import responses as starlette

from functions_framework.model.message import Reply
from support.in_memory import HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable

HTML = "text/html; charset=utf-8"
JSON = "application/json"


class Case(NamedTuple):
    returned: Callable[[], Any]
    status: int
    type: str | None
    body: Any


async def _async_parts() -> Any:
    for part in ("a", b"b", "\u00e9"):
        yield part


CASES = {
    "str": Case(lambda: "h\u00e9", 200, HTML, "h\u00e9".encode()),
    "bytes": Case(lambda: b"\xff", 200, HTML, b"\xff"),
    "dict": Case(lambda: {"b": 1, "a": "\u00e9"}, 200, JSON, {"b": 1, "a": "\u00e9"}),
    "list": Case(lambda: [1, None], 200, JSON, [1, None]),
    "generator": Case(lambda: (p for p in ("a", b"b", "\u00e9")), 200, HTML, "ab\u00e9".encode()),
    "iterator": Case(lambda: iter(["a", "b"]), 200, HTML, b"ab"),
    "async generator": Case(_async_parts, 200, HTML, "ab\u00e9".encode()),
    "(str, int)": Case(lambda: ("x", 201), 201, HTML, b"x"),
    "(bytes, int)": Case(lambda: (b"x", 201), 201, HTML, b"x"),
    "(dict, int)": Case(lambda: ({"a": 1}, 202), 202, JSON, {"a": 1}),
    "(list, int)": Case(lambda: ([1], 202), 202, JSON, [1]),
    "(str, text status)": Case(lambda: ("x", "299 Odd"), 299, HTML, b"x"),
    "(str, dict)": Case(lambda: ("x", {"Content-Type": "text/csv"}), 200, "text/csv", b"x"),
    "(str, pairs)": Case(lambda: ("x", [("Content-Type", "text/csv")]), 200, "text/csv", b"x"),
    "(str, int, dict)": Case(lambda: ("x", 203, {"content-type": "a/b"}), 203, "a/b", b"x"),
    "(dict, int, dict)": Case(lambda: ({"a": 1}, 203, {"X-A": "1"}), 203, JSON, {"a": 1}),
    "(generator, int)": Case(lambda: ((p for p in "ab"), 203), 203, HTML, b"ab"),
    "(async generator, int)": Case(lambda: (_async_parts(), 203), 203, HTML, "ab\u00e9".encode()),
    "flask.Response": Case(lambda: flask.Response("r", 418), 418, HTML, b"r"),
    "(flask.Response, int)": Case(lambda: (flask.Response("r"), 418), 418, HTML, b"r"),
    "flask stream": Case(lambda: flask.Response(p for p in "ab"), 200, HTML, b"ab"),
    "starlette": Case(
        lambda: starlette.PlainTextResponse("s", 203), 203, "text/plain; charset=utf-8", b"s"
    ),
    "starlette JSON": Case(lambda: starlette.JSONResponse({"a": 1}), 200, JSON, {"a": 1}),
    "starlette stream": Case(
        lambda: starlette.StreamingResponse(_async_parts(), media_type="a/b"),
        200,
        "a/b",
        "ab\u00e9".encode(),
    ),
    "reply": Case(lambda: Reply(299, [("content-type", "a/b")], b"r"), 299, "a/b", b"r"),
}

# A function that returns one of these is at fault.
CRASHES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "int": lambda: 5,
    "bool": lambda: True,
    "object": object,
    "1-tuple": lambda: ("x",),
    "4-tuple": lambda: ("x", 200, {}, 1),
    "(None, int)": lambda: (None, 200),
    "(str, odd status)": lambda: ("x", "odd"),
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", CASES)
def test_returned_values(name: str, host: str) -> None:
    case = CASES[name]
    answer = serve(host, lambda _: case.returned())()
    assert (answer.status, answer.type) == (case.status, case.type)
    found = json.loads(answer.body) if case.type == JSON else answer.body
    assert found == case.body


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", CRASHES)
def test_values_that_are_not_response_crash(name: str, host: str) -> None:
    answer = serve(host, lambda _: CRASHES[name]())()
    assert answer.status == 500
    assert answer.headers["x-google-status"] == "crash"


@pytest.mark.parametrize("host", HOSTS)
def test_headers_given_beside_the_body_replace_by_name(host: str) -> None:
    answer = serve(host, lambda _: ("x", 200, [("X-A", "1"), ("X-A", "2")]))()
    assert answer.headers["x-a"] == "2"


def test_json_of_sync_functions_is_flasks_own() -> None:
    assert serve("wsgi", lambda _: {"b": 1, "a": "\u00e9"})().body == b'{"a":"\\u00e9","b":1}\n'


def test_json_of_async_functions_is_compact_in_the_order_given() -> None:
    assert (
        serve("asgi", lambda _: {"b": 1, "a": "\u00e9"})().body == '{"b":1,"a":"\u00e9"}'.encode()
    )
