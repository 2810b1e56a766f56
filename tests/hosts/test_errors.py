"""From what a function raises to what its caller gets (contract 3.6, 3.8)."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException
from werkzeug.exceptions import Forbidden

from callers import Route, ask, asker, every_event_route, every_route, raiser
from functions_framework.exceptions import EventConversionException, MalformedRequest
from functions_framework.function import Signature
from functions_framework.registrations import errorhandler
from in_memory import HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable

CRASH_TEXT = (
    b"500 Internal Server Error: The server encountered an internal error and was unable to"
    b" complete your request. Either the server is overloaded or there is an error in the"
    b" application."
)
HTML = "text/html; charset=utf-8"


class CodedError(Exception):
    """An exception of a client library, whose attributes say nothing about this reply."""

    code = 404
    status_code = 404


class Unusual(BaseException):
    """Not even an Exception."""


CRASHES: dict[str, BaseException | type[BaseException]] = {
    "Exception": ValueError("secret"),
    "with a code": CodedError("secret"),
    "BaseException": Unusual("secret"),
    "StopIteration": StopIteration("secret"),
    "Q38 sys.exit()": SystemExit(),
    "Q38 sys.exit(3)": SystemExit(3),
    "Q38 sys.exit(text)": SystemExit("secret"),
    "Q38 KeyboardInterrupt": KeyboardInterrupt("secret"),
}


def _crash_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "functions_framework"]


@every_route
@pytest.mark.parametrize("name", CRASHES)
def test_3_6_q62_an_uncaught_exception_is_a_crash_response(
    name: str, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, raiser(CRASHES[name]))
    assert (answer.status, answer.body, answer.type) == (500, CRASH_TEXT, HTML)
    assert answer.headers["x-google-status"] == "crash"
    assert "secret" not in str(answer)
    (record,) = _crash_records(caplog)
    assert record.getMessage() == "Exception on /p [POST]"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


@every_event_route
def test_q58_a_refusal_raised_by_the_function_is_a_crash(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, raiser(EventConversionException("secret")))
    assert answer.is_crash
    assert b"secret" not in answer.body
    assert len(_crash_records(caplog)) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_a_body_that_breaks_off_in_an_http_function_is_the_callers_fault(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = serve(host, raiser(MalformedRequest("The body broke off.")))()
    assert (answer.status, answer.body) == (400, b"The body broke off.\n")
    assert "x-google-status" not in answer.headers
    assert _crash_records(caplog) == []


# -- aborts ----------------------------------------------------------------------------------


@every_route
@pytest.mark.parametrize("status", [400, 403, 404, 409, 418, 429, 501, 503])
def test_3_6_q3_abort_gives_werkzeugs_page(
    status: int, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, lambda *_: flask.abort(status, "the reason"))
    assert (answer.status, answer.type) == (status, HTML)
    assert b"the reason" in answer.body
    assert b"<h1>" in answer.body
    assert "x-google-status" not in answer.headers
    assert _crash_records(caplog) == []


@every_route
@pytest.mark.parametrize(
    ("description", "body"),
    [(None, CRASH_TEXT), ("why", b"500 Internal Server Error: why")],
)
def test_3_6_abort_500_is_a_crash_response(
    description: str | None, body: bytes, route: Route
) -> None:
    answer = ask(route, lambda *_: flask.abort(500, description))
    assert answer.is_crash
    assert (answer.body, answer.type) == (body, HTML)


@every_route
def test_3_6_abort_with_a_response_sends_it(route: Route) -> None:
    answer = ask(route, lambda *_: flask.abort(flask.Response("stop", 409, {"X-A": "1"})))
    assert (answer.status, answer.body, answer.headers["x-a"]) == (409, b"stop", "1")
    assert "x-google-status" not in answer.headers


@every_route
@pytest.mark.parametrize("status", [400, 401, 404, 418, 429, 500, 503, 599])
def test_3_8_starlettes_http_exception(
    status: int, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    error = StarletteHTTPException(status, "the detail", {"X-A": "1"})
    answer = ask(route, raiser(error))
    assert (answer.status, answer.body) == (status, b"the detail")
    assert answer.type == "text/plain; charset=utf-8"
    assert answer.headers["x-a"] == "1"
    assert "x-google-status" not in answer.headers
    assert _crash_records(caplog) == []


@every_route
def test_3_8_starlettes_http_exception_without_detail_gives_the_phrase(route: Route) -> None:
    answer = ask(route, raiser(StarletteHTTPException(404)))
    assert answer.body == HTTPStatus.NOT_FOUND.phrase.encode()


@pytest.mark.parametrize("host", HOSTS)
def test_3_6_a_status_that_is_returned_is_no_crash(host: str) -> None:
    answer = serve(host, lambda _: ("x", 500))()
    assert (answer.status, answer.body) == (500, b"x")
    assert "x-google-status" not in answer.headers


# -- error handlers (Q45) ----------------------------------------------------------------------


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
    "Q58 refusal of the function": Handled(
        EventConversionException(), 400, EventConversionException, by=EventConversionException
    ),
}


@every_route
@pytest.mark.parametrize("name", HANDLED)
def test_3_6_q3_q45_error_handlers(name: str, route: Route) -> None:
    case = HANDLED[name]
    if name.startswith("Q58") and route.signature is Signature.HTTP:
        pytest.skip("about functions that take events")

    def handler_for(key: Any) -> tuple[Any, Callable[..., Any]]:
        return key, lambda _: (str(key), 299, {"X-Handled": "1"})

    answer = ask(route, case.function(), *map(handler_for, case.keys))
    if case.by == NOBODY:
        assert answer.status != 299
    else:
        assert (answer.status, answer.body.decode()) == (299, str(case.by))
        assert "x-google-status" not in answer.headers


@every_route
def test_3_6_a_handler_for_500_gets_the_original_and_the_crash_is_logged(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    def handler(error: Any) -> tuple[str, int]:
        return f"{type(error).__name__} of {error.original_exception!r}", 502

    answer = ask(route, raiser(ZeroDivisionError("x")), (500, handler))
    assert (answer.status, answer.body) == (
        502,
        b"InternalServerError of ZeroDivisionError('x')",
    )
    assert len(_crash_records(caplog)) == 1


@every_route
def test_3_6_a_handled_exception_is_not_logged(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(route, raiser(ZeroDivisionError()), (ZeroDivisionError, _name)).status == 418
    assert _crash_records(caplog) == []


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
    assert len(_crash_records(caplog)) == 1


@pytest.mark.parametrize("host", ["asgi", "asgi with def"])
def test_a_handler_for_an_async_function_may_be_async(host: str) -> None:
    async def handler(error: Exception) -> tuple[str, int]:
        await asyncio.sleep(0)
        return str(error), 418

    route = Route(Signature.HTTP, host)
    assert ask(route, raiser(ValueError("x")), (ValueError, handler)).body == b"x"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("key", [TypeError, Exception, 500])
def test_3_6_an_invalid_return_value_is_seen_by_the_handler_for_500_only(
    key: Any, host: str
) -> None:
    answer = ask(Route(Signature.HTTP, host), lambda _: None, (key, _name))
    if key == 500:
        assert (answer.status, answer.body) == (418, b"handled InternalServerError")
    else:
        assert answer.is_crash


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("key", [404, Exception])
def test_3_6_a_handler_for_404_also_answers_robots(key: Any, host: str) -> None:
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
def test_q45_errorhandler_takes_classes_and_codes_only(key: Any) -> None:
    with pytest.raises(TypeError, match="exception class or an HTTP status code"):
        errorhandler(key)


@pytest.mark.parametrize("code", [200, 299, 599, 0])
def test_q45_errorhandler_takes_codes_of_http_errors_only(code: int) -> None:
    with pytest.raises(ValueError, match=f"found {code}"):
        errorhandler(code)


# -- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("kind", ["generator", "async generator"])
def test_3_6_q59_an_exception_in_a_stream_cuts_it(
    kind: str, error: BaseException, host: str
) -> None:
    def parts() -> Any:
        yield "sent"
        raise error

    async def async_parts() -> Any:
        yield "sent"
        raise error

    make = parts if kind == "generator" else async_parts
    answer = serve(host, lambda _: make())()
    assert (answer.status, answer.body, answer.is_whole) == (200, b"sent", False)
