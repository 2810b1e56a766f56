"""Typed functions whose class reads itself, over every host."""

from __future__ import annotations

import json
from typing import Any

import flask
import pytest

from functions_framework.api.decorators import typed
from functions_framework.api.registrations import Registrations
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Function, Signature
from support.callers import Named
from support.in_memory import EVENT_HOSTS, Answer, serve

JSON = {"Content-Type": "application/json"}
HTML = "text/html; charset=utf-8"

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


class Strict:
    """An input type whose `from_dict` fails."""

    @classmethod
    def from_dict(cls, given: Any) -> Strict:
        raise KeyError("secret")


class AnyJSON:
    """An input type that takes every JSON value."""

    def __init__(self, given: Any) -> None:
        self.given = given

    @classmethod
    def from_dict(cls, given: Any) -> AnyJSON:
        return cls(given)


class Ordered:
    """A result whose JSON is in an order of its own."""

    def to_dict(self) -> dict[str, Any]:
        return {"name": "j\u00f6hn", "age": 10, "a": None}


class Failing:
    """A result whose `to_dict` fails."""

    def to_dict(self) -> dict[str, Any]:
        raise ZeroDivisionError("secret")


class Opaque:
    """A result that isn't JSON."""


def post(
    host: str,
    call: Any,
    body: Any,
    headers: dict[str, str] | None = None,
    *,
    input_type: Any = AnyJSON,
    method: str = "POST",
    target: str = "/",
    handlers: Registrations | None = None,
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    ask = serve(host, call, Signature.TYPED, handlers, input_type=input_type)
    return ask(method, target, JSON if headers is None else headers, raw)


# -- routes --------------------------------------------------------------------------------------


@every_host
@pytest.mark.parametrize("target", ["/", "/a/b", "/robots.txt", "/static/x"])
def test_post_reaches_the_function_on_every_path(target: str, host: str) -> None:
    answer = post(host, lambda value: str(value.given), 5, target=target)
    assert (answer.status, answer.body) == (200, b"5")


@every_host
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "FOO"])
@pytest.mark.parametrize("target", ["/", "/a", "/robots.txt", "/static/x"])
def test_everything_else_is_405(target: str, method: str, host: str) -> None:
    answer = post(host, lambda _: pytest.fail("called"), 5, method=method, target=target)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


# -- input ---------------------------------------------------------------------------------------


@every_host
@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], None, "text", 5, False, {}])
@pytest.mark.parametrize("content_type", ["application/json", "application/x+json; charset=utf-8"])
def test_any_json_value_is_passed_to_from_dict(content_type: str, value: Any, host: str) -> None:
    seen: list[Any] = []
    headers = {"Content-Type": content_type}
    answer = post(host, lambda given: seen.append(given.given), value, headers)
    assert (answer.status, seen) == (200, [value])


REFUSED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "malformed": (b"{secret", JSON, 400),
    "empty": (b"", JSON, 400),
    "not UTF-8": (b'"\xff"', JSON, 400),
    "text": (b"{}", {"Content-Type": "text/plain"}, 415),
    "no type": (b"{}", {}, 415),
}


@every_host
@pytest.mark.parametrize("name", REFUSED)
def test_faults_of_the_sender(name: str, host: str) -> None:
    body, headers, status = REFUSED[name]
    answer = post(host, lambda _: pytest.fail("called"), body, headers)
    assert answer.status == status
    assert b"secret" not in answer.body
    assert "x-google-status" not in answer.headers


@every_host
def test_an_exception_of_from_dict_is_a_crash(host: str) -> None:
    answer = post(host, lambda _: pytest.fail("called"), {}, input_type=Strict)
    assert answer.is_crash
    assert b"secret" not in answer.body


@every_host
def test_handlers_see_exceptions_of_from_dict_and_to_dict(host: str) -> None:
    handlers = Registrations(
        [(KeyError, lambda _: ("from", 422)), (ZeroDivisionError, lambda _: ("to", 502))]
    )
    answer = post(host, lambda _: None, {}, input_type=Strict, handlers=handlers)
    assert (answer.status, answer.body) == (422, b"from")
    answer = post(host, lambda _: Failing(), {}, handlers=handlers)
    assert (answer.status, answer.body) == (502, b"to")


# -- results -------------------------------------------------------------------------------------

RESULTS: dict[str, tuple[Any, int, str | None, bytes]] = {
    "None": (None, 200, HTML, b""),
    "str": ("text", 200, HTML, b"text"),
    "bytes": (b"\xff", 200, HTML, b"\xff"),
    "to_dict": (
        Ordered(),
        200,
        "application/json",
        b'{"name": "j\\u00f6hn", "age": 10, "a": null}',
    ),
    "dict": ({"a": 1}, 200, "application/json", b'{"a":1}\n'),
    "list": ([1], 200, "application/json", b"[1]\n"),
    "(str, int)": (("text", 201), 201, HTML, b"text"),
    "(to_dict, int)": ((Named("x"), 201), 201, "application/json", b'{"name": "x"}'),
}


@every_host
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str, host: str) -> None:
    result, status, content_type, body = RESULTS[name]
    answer = post(host, lambda _: result, {})
    assert (answer.status, answer.type, answer.body) == (status, content_type, body)


@every_host
def test_a_response_is_sent_as_it_is(host: str) -> None:
    answer = post(host, lambda _: flask.Response("r", 409), {})
    assert (answer.status, answer.body) == (409, b"r")


@every_host
@pytest.mark.parametrize("result", [5, True, Opaque(), ("a", 200, {}, 1), Failing()])
def test_results_that_cannot_be_sent_crash(result: Any, host: str) -> None:
    answer = post(host, lambda _: result, {})
    assert answer.is_crash
    assert b"secret" not in answer.body


@every_host
def test_the_suites_echo(host: str) -> None:
    class Payload:
        def __init__(self, given: Any) -> None:
            self.given = given

        def to_dict(self) -> dict[str, Any]:
            return {"payload": self.given}

    answer = post(host, lambda value: Payload(value.given), {"message": "Hello world!"})
    assert json.loads(answer.body) == {"payload": {"message": "Hello world!"}}


# -- declaration ---------------------------------------------------------------------------------


def _annotated(value: Named) -> Named:
    return value


def _bare(value: Any) -> Any:
    return value


def _plain(value):  # type: ignore[no-untyped-def]
    return value


def _without_parameter() -> None: ...


@every_host
def test_string_annotations_are_resolved(host: str) -> None:
    assert _annotated.__annotations__["value"] == "Named"
    function = typed(_annotated)
    answer = post(host, function, {"name": "x"}, input_type=None)
    assert answer.body == b'{"name": "x"}'


def test_the_decorators_type_and_the_annotation_may_agree() -> None:
    def function(value: Named) -> Named:
        return value

    assert Function.of(typed(Named)(function), "f", Signature.HTTP).input_type is Named
    assert Function.of(typed(Named)(_plain), "f", Signature.HTTP).signature is Signature.TYPED


@pytest.mark.parametrize(
    ("function", "given"),
    [
        pytest.param(_without_parameter, None, id="no parameter"),
        pytest.param(_plain, None, id="no type"),
        pytest.param(_annotated, AnyJSON, id="mismatch"),
    ],
)
def test_violations_are_raised_where_the_decorator_stands(function: Any, given: Any) -> None:
    with pytest.raises(FunctionsFrameworkException, match=function.__name__):
        typed(function) if given is None else typed(given)(function)
