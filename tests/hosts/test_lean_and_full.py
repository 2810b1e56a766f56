"""The lean way and Flask's own give the same bytes for everything that may go either way."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import uuid
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette import responses as starlette_responses
from werkzeug.test import Client, EnvironBuilder

from functions_framework.api.registrations import Registrations
from functions_framework.hosts.with_flask import contexts
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.with_flask.request import FunctionRequest
from functions_framework.model.function import Function, Signature

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass
class Point:
    x: int


def _after(request: flask.Request) -> str:
    @flask.after_this_request
    def add(response: flask.Response) -> flask.Response:
        response.headers["X-After"] = "1"
        return response

    return "after"


def _globals(request: flask.Request) -> str:
    flask.g.seen = flask.current_app.name
    assert flask.request == request
    assert flask.has_request_context()
    return f"{flask.g.seen} {'other' in flask.g} {flask.request.path} {flask.request.view_args}"


def _stream_with_context(request: flask.Request) -> flask.Response:
    def parts() -> Any:
        yield flask.request.path
        yield "end"

    return flask.Response(flask.stream_with_context(parts()))


def _raise(error: BaseException) -> Callable[[flask.Request], Any]:
    def function(request: flask.Request) -> Any:
        raise error

    return function


async def _async_parts() -> Any:
    yield "a"
    yield b"b"


RETURNED: dict[str, Callable[[flask.Request], Any]] = {
    "str": lambda _: "Hello world!",
    "str not ascii": lambda _: "h\u00e9llo \U0001f600",
    "empty": lambda _: "",
    "bytes": lambda _: b"\x00\xff",
    "bytearray": lambda _: bytearray(b"ab"),
    "dict": lambda _: {"b": 1, "a": [1.5, None, True, "\u00e9<>"]},
    "dict of odd values": lambda _: {
        "d": dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc),
        "u": uuid.UUID(int=7),
        "c": decimal.Decimal("1.50"),
        "p": Point(1),
    },
    "dict of int keys": lambda _: {2: "b", 1: "a"},
    "list": lambda _: [1, {"z": 1, "a": 2}],
    "generator": lambda _: (part for part in ["a", b"b", "c"]),
    "async generator": lambda _: _async_parts(),
    "body, status": lambda _: ("made", 201),
    "bytes, status": lambda _: (b"made", 299),
    "dict, status": lambda _: ({"a": 1}, 202),
    "body, status text": lambda _: ("odd", "299 Odd"),
    "body, headers": lambda _: ("h", {"X-A": "1"}),
    "body, status, headers": lambda _: ("h", 203, {"X-A": "1", "X-B": "2"}),
    "dict, status, headers": lambda _: ({"a": 1}, 203, {"X-A": "1"}),
    "dict, status, type": lambda _: ({"a": 1}, 203, {"content-type": "application/problem+json"}),
    "pairs": lambda _: ("h", 200, [("X-A", "1"), ("X-A", "2")]),
    "header list": lambda _: ("h", 200, {"X-A": ["1", "2"]}),
    "not modified": lambda _: ("", 304),
    "no content": lambda _: ("", 204),
    "redirect": lambda _: flask.redirect("/there"),
    "location": lambda _: ("", 302, {"Location": "/\u00fcber"}),
    "response": lambda _: flask.Response("r", 418, {"X-A": "1"}),
    "response, status": lambda _: (flask.Response("r"), 299),
    "jsonify": lambda _: flask.jsonify(a=1),
    "starlette text": lambda _: starlette_responses.PlainTextResponse("s", 203, {"X-A": "1"}),
    "starlette, status": lambda _: (starlette_responses.JSONResponse({"b": 1, "a": 2}), 299),
    "cookie": lambda _: _with_cookie(),
    "after this request": _after,
    "globals": _globals,
    "stream with context": _stream_with_context,
    "url_for": lambda _: flask.url_for("run", path="abc"),
    "template": lambda _: flask.render_template_string("{{ request.path }} {{ 1 + 1 }}"),
    "request": lambda request: f"{request.method} {request.endpoint} {request.view_args}",
    "abort 404": lambda _: flask.abort(404),
    "abort 500": lambda _: flask.abort(500),
    "abort response": lambda _: flask.abort(flask.Response("stop", 409)),
    "crash": _raise(ValueError("secret")),
    "exit": _raise(SystemExit(3)),
    "handled class": _raise(ZeroDivisionError()),
    "handled subclass": _raise(FileNotFoundError("x")),
    "handled code": lambda _: flask.abort(410),
    "None": lambda _: None,
    "int": lambda _: 5,
    "one-tuple": lambda _: ("a",),
    "four-tuple": lambda _: ("a", 200, {}, 1),
    "None, status": lambda _: (None, 200),
    "nested tuple": lambda _: (("a", 200), 201),
    "body, none": lambda _: ("a", None),
    "session": lambda _: str("user" in flask.session),
}


def _with_cookie() -> flask.Response:
    response = flask.make_response("c")
    response.set_cookie("a", "b")
    return response


def _app(function: Callable[..., Any], *, is_lean: bool) -> FunctionApp:
    app = FunctionApp("main", Path("/nowhere"))
    registered = Registrations()
    registered.error_handlers += [
        (ZeroDivisionError, lambda _: ("zero", 418)),
        (OSError, lambda error: {"error": type(error).__name__}),
        (410, lambda error: (f"gone {error.code}", 410)),
    ]
    app.serve([Function(function, "hello")], registered)
    if not is_lean:
        app._is_lean = False
    return app


def _observe(app: FunctionApp, method: str, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    response = Client(app).open(path, method=method, data=b"body" if method == "POST" else None)
    with response:
        # The server writes the phrase of a status itself; only the code is ours. The order
        # of fields with different names says nothing (RFC 9110, section 5.3).
        headers = sorted(response.headers, key=itemgetter(0))
        return response.status_code, headers, response.get_data()


@pytest.mark.parametrize("name", RETURNED)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("POST", "/a//b%2Fc"),
        ("HEAD", "/x"),
        ("FOO", "/\u00fc"),
        ("OPTIONS", "/o?q=1"),
    ],
)
def test_both_ways_answer_alike(name: str, method: str, path: str) -> None:
    lean_answer = _observe(_app(RETURNED[name], is_lean=True), method, path)
    full_answer = _observe(_app(RETURNED[name], is_lean=False), method, path)
    assert lean_answer == full_answer
    assert b"secret" not in lean_answer[2]


@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
@pytest.mark.parametrize("method", ["GET", "POST", "FOO"])
def test_robots_and_favicon_never_reach_the_function(path: str, method: str) -> None:
    app = _app(lambda _: pytest.fail("the function was called"), is_lean=True)
    status, _, body = _observe(app, method, path)
    assert status == 404
    assert b"Not Found" in body


def test_a_plain_app_is_lean_and_a_hooked_one_is_not() -> None:
    plain, hooked = _app(lambda _: "x", is_lean=True), _app(lambda _: "x", is_lean=True)
    hooked.before_request(lambda: None)
    Client(plain).get("/")
    Client(hooked).get("/")
    assert plain._is_lean is True
    assert hooked._is_lean is False


HOOKS: dict[str, Callable[[FunctionApp], Any]] = {
    "before_request": lambda app: app.before_request(lambda: None),
    "after_request": lambda app: app.after_request(lambda r: r),
    "teardown_request": lambda app: app.teardown_request(lambda _: None),
    "teardown_appcontext": lambda app: app.teardown_appcontext(lambda _: None),
    "url_value_preprocessor": lambda app: app.url_value_preprocessor(lambda *_: None),
    "blueprint": lambda app: app.register_blueprint(flask.Blueprint("b", "b")),
    "secret key": lambda app: app.config.__setitem__("SECRET_KEY", "k"),
    "middleware": lambda app: setattr(app, "wsgi_app", app.wsgi_app),
}


@pytest.mark.parametrize("hook", HOOKS)
def test_each_hook_sends_requests_down_flasks_own_way(hook: str) -> None:
    app = _app(lambda _: "x", is_lean=True)
    HOOKS[hook](app)
    Client(app).get("/")
    assert app._is_lean is False


def test_a_route_of_the_module_sends_requests_down_flasks_own_way() -> None:
    app = FunctionApp("main", Path("/nowhere"))
    app.add_url_rule("/own", view_func=lambda: "own", endpoint="own", methods=["GET"])
    app.serve([Function(lambda _: "function", "hello", Signature.HTTP)], Registrations())
    client = Client(app)
    assert client.get("/own").text == "own"
    assert client.post("/own").text == "function"
    assert app._is_lean is False


def test_a_signal_listener_is_served_even_when_connected_late() -> None:
    app = _app(lambda _: "x", is_lean=True)
    seen: list[str] = []

    def listen(sender: Any, **_: Any) -> None:
        seen.append(sender.name)

    Client(app).get("/")
    with flask.request_started.connected_to(listen, app):
        Client(app).get("/")
    assert seen == ["hello"]


def test_flasks_private_names_are_where_the_lean_way_expects_them() -> None:
    app = _app(lambda _: "x", is_lean=True)
    with app.test_request_context("/"):
        full_request, full_app = contexts.REQUEST_CONTEXT.get(), contexts.APP_CONTEXT.get()
    ours = contexts.LeanRequestContext(app, full_request.request.environ, full_request.request)
    ours_app = contexts.LeanAppContext()
    ours_app.late = app.host
    for name in set(vars(full_request)) - {"_session"}:
        assert hasattr(ours, name), f"flask.ctx.RequestContext has a new field {name!r}"
    for name in vars(full_app):
        assert hasattr(ours_app, name), f"flask.ctx.AppContext has a new field {name!r}"


@pytest.mark.parametrize("path", ["/", "/a/b", "//a", "/\u00fc", "*", "/%2e"])
@pytest.mark.parametrize("method", ["GET", "post", "FOO"])
def test_the_lean_request_is_the_one_flask_makes(path: str, method: str) -> None:
    seen: list[flask.Request] = []

    def note(request: flask.Request) -> str:
        seen.append(request)
        return "x"

    environ = EnvironBuilder(method="GET", query_string="q=\u00fc").get_environ()
    environ["REQUEST_METHOD"] = method
    environ["PATH_INFO"] = path.encode().decode("latin-1")
    for is_lean in (True, False):
        app = _app(note, is_lean=is_lean)
        b"".join(app(dict(environ), lambda *_: lambda _: None))
    ours, flasks = (dict(vars(request)) for request in seen)
    assert all(isinstance(request, FunctionRequest) for request in seen)
    assert str(flasks.pop("url_rule")) == str(seen[0].url_rule)
    for found in ("view_args", "shallow", "root_path"):
        assert flasks.pop(found) == getattr(seen[0], found)
    assert type(flasks.pop("json_module")) is type(ours.pop("json_module"))
    ids = [fields.pop("environ")["HTTP_FUNCTION_EXECUTION_ID"] for fields in (ours, flasks)]
    assert all(len(item) == 12 for item in ids)
    # A cached property that Flask's routing reads first; ours computes it when it is asked for.
    assert seen[0].host == flasks.pop("host")
    for fields in (ours, flasks):
        fields["headers"] = dict(fields["headers"]) | {"Function-Execution-Id": ""}
    assert ours == flasks


def test_the_call_leaves_no_context_behind() -> None:
    Client(_app(lambda _: "x", is_lean=True)).get("/")
    assert not flask.has_request_context()
    assert not flask.has_app_context()
