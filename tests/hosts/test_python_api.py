"""`create_app`: a Flask app around a function of any signature."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.applications import Starlette

from functions_framework import create_app
from functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    InvalidTargetTypeException,
    MissingSourceException,
    MissingTargetException,
)

if TYPE_CHECKING:
    from conftest import SourceTree

SOURCE = """
import functions_framework as ff

def hello(request): return f"Hello {request.path}"
def background(data, context): SEEN.append((data, context.event_id))
@ff.cloud_event
def event(cloud_event): SEEN.append(cloud_event["id"])
class Name:
    def __init__(self, name): self.name = name
    @staticmethod
    def from_dict(given): return Name(given["name"])
    def to_dict(self): return {"name": self.name.upper()}
@ff.typed
def typed(name: Name): return name
@ff.http
async def later(request): return "later"
SEEN = []
CLASS, NUMBER = list, 5
"""
CLOUD_EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


def _app(sources: SourceTree, target: str = "hello", signature: str | None = None) -> flask.Flask:
    app = create_app(target, sources.root / "main.py", signature)
    assert isinstance(app, flask.Flask)
    return app


@pytest.fixture
def main(sources: SourceTree) -> SourceTree:
    sources.write(main=SOURCE)
    return sources


# -- 2.2 -----------------------------------------------------------------------------------------


def test_a_real_flask_app_for_http(main: SourceTree) -> None:
    app = _app(main)
    response = app.test_client().get("/a")
    assert (response.status_code, response.text) == (200, "Hello /a")


def test_a_test_client_for_background_functions(main: SourceTree) -> None:
    app = _app(main, "background", "event")
    payload = {"context": {"eventId": "E"}, "data": {"a": 1}}
    response = app.test_client().post("/", json=payload)
    assert (response.status_code, response.text) == (200, "OK")
    assert sys.modules["main"].SEEN == [({"a": 1}, "E")]


def test_a_test_client_for_cloud_events(main: SourceTree) -> None:
    app = _app(main, "event", "http")
    response = app.test_client().post("/", headers=CLOUD_EVENT)
    assert (response.status_code, response.text) == (200, "OK")
    assert sys.modules["main"].SEEN == ["1"]


def test_a_test_client_for_typed_functions(main: SourceTree) -> None:
    response = _app(main, "typed").test_client().post("/", json={"name": "x"})
    assert (response.status_code, response.json) == (200, {"name": "X"})


def test_the_apps_attributes(main: SourceTree) -> None:
    app = _app(main)
    assert (app.name, app.import_name) == ("hello", "hello")
    assert app.root_path == str(main.root)
    assert app.template_folder == str(main.root / "templates")
    assert app.static_folder is None
    assert app.secret_key is None
    assert sorted(rule.rule for rule in app.url_map.iter_rules()) == [
        "/",
        "/<path:path>",
        "/favicon.ico",
        "/robots.txt",
    ]


def test_a_target_named_like_a_module_keeps_its_templates(sources: SourceTree) -> None:
    sources.write(main="import flask\ndef json(request): return flask.render_template('page.html')")
    sources.put("templates/page.html", "page of {{ request.path }}")
    app = _app(sources, "json")
    assert app.test_client().get("/a").text == "page of /a"


def test_a_relative_source(main: SourceTree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(main.root)
    app = create_app("hello", "main.py")
    assert isinstance(app, flask.Flask)
    assert app.root_path == str(main.root)


@pytest.mark.parametrize("is_set", [True, False])
def test_testing_makes_exceptions_propagate(sources: SourceTree, is_set: bool) -> None:
    sources.write(main="def hello(request): raise ZeroDivisionError('text')")
    app = _app(sources)
    app.testing = is_set
    if is_set:
        with pytest.raises(ZeroDivisionError, match="text"):
            app.test_client().get("/")
    else:
        response = app.test_client().get("/")
        assert response.status_code == 500
        assert response.headers["X-Google-Status"] == "crash"


@pytest.mark.parametrize("signature", ["http", "event", "typed"])
@pytest.mark.parametrize("is_full", [False, True])
def test_ctrl_c_in_a_call_ends_what_runs_the_app(
    sources: SourceTree, signature: str, *, is_full: bool
) -> None:
    """A run of pytest, or a script's server: none of them hears of it again."""
    sources.write(
        main="""
        import signal
        def hello(*given: dict): signal.raise_signal(signal.SIGINT)
        """
    )
    app = _app(sources, signature=signature)
    if is_full:
        app.after_request(lambda response: response)
    payload = {"context": {"eventId": "E"}, "data": {"a": 1}}
    with pytest.raises(KeyboardInterrupt):
        app.test_client().post("/", json=payload)
    assert not flask.has_request_context()


def test_the_configuration_is_the_users(sources: SourceTree) -> None:
    sources.write(
        main="""
        import flask
        flask.current_app.config["MAX_CONTENT_LENGTH"] = 3
        flask.current_app.json.sort_keys = False
        def hello(request): return {"b": request.get_data().decode(), "a": 1}
        """.replace("\n        ", "\n")
    )
    client = _app(sources).test_client()
    assert client.post("/", data="123").text == '{"b":"123","a":1}\n'
    assert client.post("/", data="1234").status_code == 413


def test_arguments_fall_back_to_the_environment(main: SourceTree) -> None:
    os.environ["FUNCTION_TARGET"] = "background"
    os.environ["FUNCTION_SOURCE"] = str(main.root / "main.py")
    os.environ["FUNCTION_SIGNATURE_TYPE"] = "event"
    app = create_app()
    assert isinstance(app, flask.Flask)
    assert app.name == "background"
    assert app.test_client().get("/").text == ""
    os.environ["FUNCTION_SIGNATURE_TYPE"] = ""
    assert create_app("hello").test_client().get("/").text == "Hello /"


FAILURES: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "no target": (("", "main.py"), InvalidConfigurationException, "Target is not specified"),
    "no source": (("hello", "nothing.py"), MissingSourceException, "nothing.py.* doesn't exist"),
    "no function": (("helo", "main.py"), MissingTargetException, "a function named 'helo'"),
    "a number": (
        ("NUMBER", "main.py"),
        InvalidTargetTypeException,
        "of type function",
    ),
    "a class": (("CLASS", "main.py"), InvalidTargetTypeException, "of type function. Got: "),
    "signature": (
        ("hello", "main.py", "x"),
        FunctionsFrameworkException,
        "Invalid signature type: x",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_are_exceptions(
    main: SourceTree, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, kind, text = FAILURES[name]
    monkeypatch.chdir(main.root)
    with pytest.raises(kind, match=text):
        create_app(*arguments)


def test_an_exception_of_the_source_is_passed_on(sources: SourceTree) -> None:
    sources.write(main="raise LookupError('own')")
    with pytest.raises(LookupError, match="own"):
        create_app("hello", sources.root / "main.py")


@pytest.mark.parametrize("decorator", ["ff.http", "ff.aio.http"])
def test_an_async_function_gives_a_starlette_app(sources: SourceTree, decorator: str) -> None:
    text = f"import functions_framework as ff, functions_framework.aio\n@{decorator}\n"
    sources.write(main=f"{text}async def hello(request): return 'x'")
    assert isinstance(create_app("hello", sources.root / "main.py"), Starlette)


# -- 1.6: what a source may do to the app while it is imported -----------------------------------

HOOKED = """
import flask
from flask import current_app as app

page = flask.Blueprint("page", "page")

@page.route("/page/<int:number>")
def numbered(number): return f"page {number}"

app.register_blueprint(page)
app.config["WORD"] = "word"
SEEN = []

@app.route("/own", methods=["GET"])
def own(): return "own"

@app.before_request
def before(): flask.g.word = app.config["WORD"]

@app.after_request
def after(response):
    response.headers["X-After"] = flask.g.word
    return response

@app.teardown_request
def teardown(error): SEEN.append(type(error).__name__)

@app.errorhandler(LookupError)
def handle(error): return "handled", 418

def hello(request):
    if request.path == "/raise":
        raise KeyError("x")
    return f"{flask.g.word} {request.path}"
"""


def test_hooks_routes_and_blueprints_of_the_source(sources: SourceTree) -> None:
    sources.write(main=HOOKED)
    client = _app(sources).test_client()
    answers = {
        path: (response.status_code, response.text, response.headers["X-After"])
        for path in ("/page/5", "/page/x", "/own", "/raise", "/")
        for response in [client.get(path)]
    }
    assert answers == {
        "/page/5": (200, "page 5", "word"),
        "/page/x": (200, "word /page/x", "word"),
        "/own": (200, "own", "word"),
        "/raise": (418, "handled", "word"),
        "/": (200, "word /", "word"),
    }
    assert client.post("/own").text == "word /own"
    assert sys.modules["main"].SEEN == ["NoneType"] * 6


def test_current_app_is_the_app_that_is_returned(sources: SourceTree) -> None:
    sources.write(main="import flask\nAPP = flask.current_app._get_current_object()\nhello = str")
    with pytest.raises(InvalidTargetTypeException):
        _app(sources)
    sources.write(
        main="import flask\nAPP = flask.current_app._get_current_object()\ndef hello(r): ..."
    )
    app = _app(sources)
    assert sys.modules["main"].APP is app
    assert not flask.has_app_context()
