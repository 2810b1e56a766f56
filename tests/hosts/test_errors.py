"""From what a function raises to what its caller gets."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import flask
import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException

from functions_framework.exceptions import EventConversionException, MalformedRequest
from support.callers import (
    CRASH_TEXT,
    Route,
    ask,
    crash_records,
    every_event_route,
    every_route,
    raiser,
)
from support.in_memory import HOSTS, serve

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
    "GeneratorExit": GeneratorExit("secret"),
    "sys.exit()": SystemExit(),
    "sys.exit(3)": SystemExit(3),
    "sys.exit(text)": SystemExit("secret"),
    "KeyboardInterrupt": KeyboardInterrupt("secret"),
}


@every_route
@pytest.mark.parametrize("name", CRASHES)
def test_an_uncaught_exception_is_a_crash_response(
    name: str, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, raiser(CRASHES[name]))
    assert (answer.status, answer.body, answer.type) == (500, CRASH_TEXT, HTML)
    assert answer.headers["x-google-status"] == "crash"
    assert "secret" not in str(answer)
    (record,) = crash_records(caplog)
    assert record.getMessage() == "Exception on /p [POST]"
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


@every_event_route
def test_a_refusal_raised_by_the_function_is_a_crash(
    route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, raiser(EventConversionException("secret")))
    assert answer.is_crash
    assert b"secret" not in answer.body
    assert len(crash_records(caplog)) == 1


@pytest.mark.parametrize("host", HOSTS)
def test_a_body_that_breaks_off_in_an_http_function_is_the_callers_fault(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = serve(host, raiser(MalformedRequest("The body broke off.")))()
    assert (answer.status, answer.body) == (400, b"The body broke off.\n")
    assert "x-google-status" not in answer.headers
    assert crash_records(caplog) == []


# -- aborts ----------------------------------------------------------------------------------


@every_route
@pytest.mark.parametrize("status", [400, 403, 404, 409, 418, 429, 501, 503])
def test_abort_gives_werkzeugs_page(
    status: int, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(route, lambda *_: flask.abort(status, "the reason"))
    assert (answer.status, answer.type) == (status, HTML)
    assert b"the reason" in answer.body
    assert b"<h1>" in answer.body
    assert "x-google-status" not in answer.headers
    assert crash_records(caplog) == []


@every_route
@pytest.mark.parametrize(
    ("description", "body"),
    [(None, CRASH_TEXT), ("why", b"500 Internal Server Error: why")],
)
def test_abort_500_is_a_crash_response(description: str | None, body: bytes, route: Route) -> None:
    answer = ask(route, lambda *_: flask.abort(500, description))
    assert answer.is_crash
    assert (answer.body, answer.type) == (body, HTML)


@every_route
def test_abort_with_a_response_sends_it(route: Route) -> None:
    answer = ask(route, lambda *_: flask.abort(flask.Response("stop", 409, {"X-A": "1"})))
    assert (answer.status, answer.body, answer.headers["x-a"]) == (409, b"stop", "1")
    assert "x-google-status" not in answer.headers


@every_route
@pytest.mark.parametrize("status", [400, 401, 404, 418, 429, 500, 503, 599])
def test_starlettes_http_exception(
    status: int, route: Route, caplog: pytest.LogCaptureFixture
) -> None:
    error = StarletteHTTPException(status, "the detail", {"X-A": "1"})
    answer = ask(route, raiser(error))
    assert (answer.status, answer.body) == (status, b"the detail")
    assert answer.type == "text/plain; charset=utf-8"
    assert answer.headers["x-a"] == "1"
    assert "x-google-status" not in answer.headers
    assert crash_records(caplog) == []


@every_route
def test_starlettes_http_exception_without_detail_gives_the_phrase(route: Route) -> None:
    answer = ask(route, raiser(StarletteHTTPException(404)))
    assert answer.body == HTTPStatus.NOT_FOUND.phrase.encode()


@pytest.mark.parametrize("host", HOSTS)
def test_a_status_that_is_returned_is_not_a_crash(host: str) -> None:
    answer = serve(host, lambda _: ("x", 500))()
    assert (answer.status, answer.body) == (500, b"x")
    assert "x-google-status" not in answer.headers


# -- streams -----------------------------------------------------------------------------------


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("kind", ["generator", "async generator"])
def test_an_exception_in_a_stream_cuts_it(kind: str, error: BaseException, host: str) -> None:
    def parts() -> Any:
        yield "sent"
        raise error

    async def async_parts() -> Any:
        yield "sent"
        raise error

    make = parts if kind == "generator" else async_parts
    answer = serve(host, lambda _: make())()
    assert (answer.status, answer.body, answer.is_whole) == (200, b"sent", False)
