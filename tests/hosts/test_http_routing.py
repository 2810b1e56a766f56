"""Which requests reach an http function, and what it sees of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
import pytest
from werkzeug.test import Client

from functions_framework.api.registrations import Registrations
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.model.execution import current
from functions_framework.model.function import Function
from support.in_memory import HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO")

# 3.1: paths that reach the function as they are.
PATHS = {
    "root": "/",
    "one segment": "/a",
    "deep": "/a/b/c/d/e",
    "trailing slash": "/a/",
    "double slash": "/a//b",
    "dots": "/a/../b",
    "a space": "/a b",
    "not ascii": "/\u00fcber/\U0001f600",
    "another case": "/Robots.txt",
    "robots with a slash": "/robots.txt/",
    "deeper favicon": "/a/favicon.ico",
    "static": "/static/app.js",
    "static root": "/static/",
    "an endpoint's name": "/run",
    "error": "/error",
}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_every_path_reaches_the_function(name: str, method: str, host: str) -> None:
    seen: list[str] = []

    def function(request: Any) -> str:
        scope = getattr(request, "scope", None)
        seen.append(scope["path"] if scope else request.path)
        return "called"

    assert serve(host, function)(method, PATHS[name]).status == 200
    assert seen == [PATHS[name]]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", METHODS)
def test_every_method_reaches_the_function(method: str, host: str) -> None:
    answer = serve(host, lambda request: ("", 200, {"X-Method": request.method}))(method, "/a")
    assert (answer.status, answer.headers["x-method"]) == (200, method)


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("path", ["/robots.txt", "/favicon.ico"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "FOO"])
def test_robots_and_favicon_are_404_for_every_method(method: str, path: str, host: str) -> None:
    answer = serve(host, lambda _: pytest.fail("the function was called"))(method, path)
    assert answer.status == 404
    assert method == "HEAD" or b"Not Found" in answer.body


def test_an_empty_path_is_redirected_to_the_root() -> None:
    answer = serve("wsgi", lambda _: "called")("GET", "")
    assert answer.status == 308
    assert answer.headers["location"].endswith("/")


def test_flask_sees_the_view_argument_the_endpoint_and_the_rules() -> None:
    def function(request: flask.Request) -> dict[str, Any]:
        rule = request.url_rule
        assert rule is not None
        return {
            "view_args": request.view_args,
            "endpoint": request.endpoint,
            "rule": rule.rule,
            "url": flask.url_for("run", path="abc"),
            "root": flask.url_for("run", path=""),
        }

    ask = serve("wsgi", function)
    common = {"endpoint": "run", "url": "/abc", "root": "/"}
    assert flask.json.loads(ask("GET", "/x/y").body) == {
        "view_args": {"path": "x/y"},
        "rule": "/<path:path>",
        **common,
    }
    assert flask.json.loads(ask("POST", "/").body) == {
        "view_args": {"path": ""},
        "rule": "/",
        **common,
    }


@pytest.mark.parametrize("host", ["asgi", "asgi with def"])
def test_starlette_sees_the_path_parameter(host: str) -> None:
    assert serve(host, lambda request: request.path_params["path"])("GET", "/x/y").body == b"x/y"


def test_a_sync_function_gets_flasks_own_request() -> None:
    def function(request: Any) -> str:
        assert isinstance(request, flask.Request)
        assert request is flask.request._get_current_object()  # type: ignore[attr-defined]
        return "same"

    assert serve("wsgi", function)().body == b"same"


@pytest.mark.parametrize("host", ["asgi", "asgi with def"])
def test_an_async_function_gets_starlettes_request(host: str) -> None:
    from starlette.requests import Request

    def function(request: Any) -> str:
        return str(isinstance(request, Request))

    assert serve(host, function)().body == b"True"


@pytest.mark.parametrize("host", HOSTS)
def test_headers_query_and_body_arrive_unmodified(host: str) -> None:
    def function(request: Any) -> str:
        seen = request.headers
        query = request.args if isinstance(request, flask.Request) else request.query_params
        return f"{seen['X-Odd']}|{seen['Content-Type']}|{query['q']}"

    headers = {"X-Odd": " a,  b;c ".strip(), "Content-Type": "a/b; c=d"}
    answer = serve(host, function)("POST", "/?q=1%202", headers, b"body")
    assert answer.body == b"a,  b;c|a/b; c=d|1 2"


# 3.3: how Flask's request answers for JSON.
JSON_BODIES = {
    "json": ("application/json", b'{"a":1}', 200),
    "json with a charset": ("application/json; charset=utf-8", b'{"a":1}', 200),
    "a suffix": ("application/vnd.api+json", b'{"a":1}', 200),
    "another type": ("text/plain", b'{"a":1}', 415),
    "no type": (None, b'{"a":1}', 415),
    "malformed": ("application/json", b"{", 400),
    "not text": ("application/json", b"\xff", 400),
}


@pytest.mark.parametrize("name", JSON_BODIES)
def test_get_json(name: str) -> None:
    content_type, body, status = JSON_BODIES[name]
    headers = {"Content-Type": content_type} if content_type else {}
    answer = serve("wsgi", lambda request: request.get_json())("POST", "/", headers, body)
    assert answer.status == status
    assert "x-google-status" not in answer.headers
    if status == 200:
        assert answer.body == b'{"a":1}\n'


@pytest.mark.parametrize(("size", "status"), [(500_000, 200), (500_001, 413)])
def test_a_form_field_is_limited_as_flask_does(size: int, status: int) -> None:
    field = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
    body = field + b"x" * size + b"\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    ask = serve("wsgi", lambda request: str(len(request.form["f"])))
    assert ask("POST", "/", headers, body).status == status


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("given", ["given-id", "", None])
def test_the_request_has_an_execution_id(given: str | None, host: str) -> None:
    def function(request: Any) -> str:
        found = request.headers["Function-Execution-Id"]
        running = current()
        assert running is not None
        assert running.execution_id == found
        return str(found)

    headers = {} if given is None else {"Function-Execution-Id": given}
    answer = serve(host, function)("GET", "/", headers)
    if given:
        assert answer.body == given.encode()
    else:
        assert len(answer.body) == 12
        assert answer.body.isalnum()
    assert "function-execution-id" not in answer.headers, "3.7: not sent to the client"


@pytest.mark.parametrize("host", HOSTS)
def test_no_etag_is_added(host: str) -> None:
    assert "etag" not in serve(host, lambda _: "x")().headers


def _app(function: Callable[[flask.Request], Any], root: Path) -> FunctionApp:
    app = FunctionApp("main", root)
    app.serve([Function(function, "hello")], Registrations())
    return app


def test_templates_are_beside_the_source(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<p>{{ name }} {{ request.path }}</p>")
    app = _app(lambda _: flask.render_template("page.html", name="<b>"), tmp_path)
    assert app.root_path == str(tmp_path)
    assert app.static_folder is None
    assert Client(app).get("/x").text == "<p>&lt;b&gt; /x</p>"


def test_contexts_are_there_during_the_call_and_in_a_stream(tmp_path: Path) -> None:
    app: FunctionApp

    def function(request: flask.Request) -> flask.Response:
        assert flask.current_app._get_current_object() is app  # type: ignore[attr-defined]
        flask.g.word = "kept"

        def parts() -> Any:
            yield flask.g.word
            yield flask.request.path

        return flask.Response(flask.stream_with_context(parts()))

    app = _app(function, tmp_path)
    assert Client(app).get("/x").text == "kept/x"
    assert not flask.has_app_context()


def test_hooks_run_in_flasks_order(tmp_path: Path) -> None:
    order: list[str] = []
    app = FunctionApp("main", tmp_path)
    app.before_request(lambda: order.append("before"))
    app.teardown_request(lambda _: order.append("teardown"))

    @app.after_request
    def after(response: flask.Response) -> flask.Response:
        order.append("after")
        response.headers["X-After"] = "1"
        return response

    def function(_: flask.Request) -> str:
        order.append("call")
        return "x"

    app.serve([Function(function, "hello")], Registrations())
    response = Client(app).get("/")
    assert response.headers["X-After"] == "1"
    assert order == ["before", "call", "after", "teardown"]


def test_a_route_of_the_module_wins_for_its_methods_only(tmp_path: Path) -> None:
    app = FunctionApp("main", tmp_path)
    app.add_url_rule("/own", "own", lambda: "own", methods=["GET"])
    app.add_url_rule("/own/<int:number>", "number", lambda number: f"number {number}")
    app.serve([Function(lambda _: "function", "hello")], Registrations())
    client = Client(app)
    answers = {
        "/own": client.get("/own").text,
        "POST /own": client.post("/own").text,
        "/own/5": client.get("/own/5").text,
        "/own/x": client.get("/own/x").text,
        "/other": client.get("/other").text,
    }
    assert answers == {
        "/own": "own",
        "POST /own": "function",
        "/own/5": "number 5",
        "/own/x": "function",
        "/other": "function",
    }
