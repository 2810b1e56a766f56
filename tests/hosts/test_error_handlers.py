"""Handlers registered with `errorhandler`: all signatures, all hosts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from werkzeug.exceptions import Forbidden

from functions_framework.api.registrations import errorhandler
from functions_framework.exceptions import EventConversionException, MalformedRequest
from functions_framework.model.function import Signature
from support.callers import (
    CRASH_TEXT,
    Route,
    ask,
    asker,
    crash_records,
    every_event_route,
    every_route,
    raiser,
)
from support.in_memory import HOSTS

if TYPE_CHECKING:
    from collections.abc import Callable


def _name(error: Any) -> tuple[str, int]:
    return f"handled {type(error).__name__}", 418


class Handled:
    """A case of `errorhandler`: what is raised, the handlers, and whether one of them runs."""

    def __init__(self, raised: Any, *keys: Any, by: Any = None) -> None:
        self.raised = raised
        self.keys = keys
        self.by = keys[0] if by is None else by

    def function(self) -> Callable[..., Any]:
        raised = self.raised
        return (lambda *_: flask.abort(raised)) if isinstance(raised, int) else raiser(raised)


NOBODY = "nobody"
HANDLED = {
    "class": Handled(ZeroDivisionError(), ZeroDivisionError),
    "base class": Handled(ZeroDivisionError(), ArithmeticError),
    "nearest class": Handled(
        ZeroDivisionError(), Exception, ArithmeticError, ValueError, by=ArithmeticError
    ),
    "other class": Handled(ZeroDivisionError(), ValueError, by=NOBODY),
    "Exception": Handled(ZeroDivisionError(), Exception),
    "500": Handled(ZeroDivisionError(), 500),
    "class before 500": Handled(ZeroDivisionError(), 500, Exception, by=Exception),
    "404": Handled(404, 404),
    "410": Handled(410, 410),
    "code before class": Handled(410, Exception, 410, by=410),
    "other code": Handled(410, 404, by=NOBODY),
    "Exception sees a 4xx abort": Handled(403, Exception),
    "Exception sees no abort(500)": Handled(500, Exception, by=NOBODY),
    "500 sees abort(500)": Handled(500, 500),
    "werkzeug class": Handled(403, Forbidden),
    "starlette code": Handled(StarletteHTTPException(403), 403),
    "starlette code 500": Handled(StarletteHTTPException(500), 500),
    "starlette class": Handled(StarletteHTTPException(403), StarletteHTTPException),
    "starlette, Exception": Handled(StarletteHTTPException(403), Exception),
    "exit": Handled(SystemExit(3), Exception, by=NOBODY),
    "exit, 500": Handled(SystemExit(3), Exception, 500, by=500),
    "interrupt": Handled(KeyboardInterrupt(), Exception, by=NOBODY),
}


@every_route
@pytest.mark.parametrize("name", HANDLED)
def test_error_handlers(name: str, route: Route) -> None:
    case = HANDLED[name]

    def handler_for(key: Any) -> tuple[Any, Callable[..., Any]]:
        return key, lambda _: (str(key), 299, {"X-Handled": "1"})

    answer = ask(route, case.function(), *map(handler_for, case.keys))
    if case.by == NOBODY:
        assert answer.status != 299
    else:
        assert (answer.status, answer.body.decode()) == (299, str(case.by))
        assert "x-google-status" not in answer.headers


@every_event_route
@pytest.mark.parametrize("key", [EventConversionException, Exception])
def test_a_refusal_of_the_function_is_for_the_handler_of_its_class(key: Any, route: Route) -> None:
    function = raiser(EventConversionException())
    answer = ask(route, function, (400, lambda _: "code"), (key, lambda _: "class"))
    assert (answer.status, answer.body) == (200, b"class")


@every_route
def test_a_handler_for_500_gets_the_original_and_the_crash_is_logged(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(error: Any) -> tuple[str, int]:
        return f"{type(error).__name__} of {error.original_exception!r}", 502

    answer = ask(route, raiser(ZeroDivisionError("x")), (500, handler))
    assert (answer.status, answer.body) == (
        502,
        b"InternalServerError of ZeroDivisionError('x')",
    )
    assert len(crash_records(caplog)) == 1


@every_route
def test_a_handled_exception_is_not_logged(route: Route, caplog: pytest.LogCaptureFixture) -> None:
    assert ask(route, raiser(ZeroDivisionError()), (ZeroDivisionError, _name)).status == 418
    assert crash_records(caplog) == []


HANDLER_RESULTS: dict[str, tuple[Callable[[Any], Any], int, bytes]] = {
    "str": (lambda _: "text", 200, b"text"),
    "(str, int)": (lambda error: (str(error), 418), 418, b"x"),
    "(dict, int)": (lambda _: ({"a": 1}, 422), 422, b'{"a":1}'),
    "Response": (lambda _: flask.Response("r", 409), 409, b"r"),
}


@every_route
@pytest.mark.parametrize("name", HANDLER_RESULTS)
def test_a_handler_returns_what_an_http_function_may(name: str, route: Route) -> None:
    handler, status, body = HANDLER_RESULTS[name]
    answer = ask(route, raiser(ValueError("x")), (ValueError, handler))
    assert (answer.status, answer.body.rstrip()) == (status, body)


@every_route
@pytest.mark.parametrize(
    "handler",
    [raiser(KeyError("secret")), lambda _: None, raiser(SystemExit(3))],
    ids=["raises", "returns None", "exits"],
)
def test_a_handler_that_fails_is_a_crash(
    handler: Callable[[Any], Any], route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, raiser(ValueError("secret")), (ValueError, handler))
    assert (answer.is_crash, answer.body) == (True, CRASH_TEXT)
    assert len(crash_records(caplog)) == 1


@pytest.mark.parametrize("host", ["asgi", "asgi with def"])
def test_a_handler_for_an_async_function_may_be_async(host: str) -> None:
    async def handler(error: Exception) -> tuple[str, int]:
        await asyncio.sleep(0)
        return str(error), 418

    route = Route(Signature.HTTP, host)
    assert ask(route, raiser(ValueError("x")), (ValueError, handler)).body == b"x"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("key", [TypeError, Exception, 500])
def test_an_invalid_return_value_is_seen_by_the_handler_for_500_only(key: Any, host: str) -> None:
    answer = ask(Route(Signature.HTTP, host), lambda _: None, (key, _name))
    if key == 500:
        assert (answer.status, answer.body) == (418, b"handled InternalServerError")
    else:
        assert answer.is_crash


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("key", [404, Exception])
def test_a_handler_for_404_also_answers_robots(key: Any, host: str) -> None:
    def handler(error: Any) -> tuple[str, int]:
        return f"{error.code} {error.name}", 410

    ask_for = asker(Route(Signature.HTTP, host), lambda _: "called", (key, handler))
    answer = ask_for("GET", "/robots.txt")
    assert (answer.status, answer.body) == (410, b"404 Not Found")


@every_event_route
def test_a_handler_for_405_answers_methods_that_are_not_taken(route: Route) -> None:
    def handler(error: Any) -> tuple[str, int]:
        return f"{error.code} {error.valid_methods}", 410

    answer = asker(route, lambda *_: None, (405, handler))("DELETE", "/a")
    assert (answer.status, answer.body) == (410, b"405 ['POST']")


@every_event_route
@pytest.mark.parametrize("key", [400, MalformedRequest, Exception])
def test_a_handler_may_answer_malformed_requests(key: Any, route: Route) -> None:
    def handler(error: Any) -> tuple[str, int]:
        return f"{error.code} {isinstance(error, MalformedRequest)}", 410

    headers = {"Content-Type": "application/json"}
    answer = asker(route, lambda *_: None, (key, handler))("POST", "/", headers, b"{")
    assert (answer.status, answer.body) == (410, b"400 True")


@pytest.mark.parametrize("key", ["404", None, SystemExit, 1.5, ValueError()])
def test_errorhandler_takes_classes_and_codes_only(key: Any) -> None:
    with pytest.raises(TypeError, match="exception class or an HTTP status code"):
        errorhandler(key)


@pytest.mark.parametrize("code", [200, 299, 599, 0])
def test_errorhandler_takes_codes_of_http_errors_only(code: int) -> None:
    with pytest.raises(ValueError, match=f"found {code}"):
        errorhandler(code)
