"""Whoever puts code into Flask or Starlette sees each request go through it: agents do so."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

import flask
import pytest
import starlette.applications
import starlette.routing
from flask.ctx import AppContext, RequestContext
from starlette.responses import PlainTextResponse

from functions_framework import create_app
from functions_framework.aio import create_asgi_app
from functions_framework.hosts.asgi.routed import is_starlette_replaced
from functions_framework.testing import Client

pytestmark = pytest.mark.once

with warnings.catch_warnings():
    # Newer ones would rather have another client library than the one the tests need anyway.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import SourceTree

SYNC = """
import flask
import functions_framework

def hello(request):
    if request.path == "/stream":
        return (part for part in ["a", "b"])
    if request.path == "/crash":
        raise LookupError
    return request.method + " " + request.path, 201, {"X-Mine": "1"}

@functions_framework.cloud_event
def on_event(event):
    pass
"""
ASYNC = SYNC.replace("def ", "async def ").replace("request.path", "request.url.path")
EVENT = {"ce-id": "1", "ce-type": "t", "ce-source": "/s", "ce-specversion": "1.0"}
STEPS = [
    "__call__",
    "wsgi_app",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
    "request_context",
]


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[str]:
    """Wrap a method, as agents do; the list grows with each call."""
    seen: list[str] = []
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        seen.append(name)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, wrapper)
    return seen


@pytest.mark.parametrize("name", [*STEPS, "app_context", "ensure_sync", "create_url_adapter"])
@pytest.mark.parametrize("target", ["hello", "on_event"])
def test_a_method_of_flasks_class_that_was_replaced_is_called(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, target: str, name: str
) -> None:
    seen = counted(monkeypatch, flask.Flask, name)
    sources.write(main=SYNC)
    client = Client(sources.root, target=target)
    for number in (1, 2):
        seen.clear()
        assert client.post("/", headers=EVENT).status == (201 if target == "hello" else 200)
        assert seen, number


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("way", ["server", "wsgi"])
def test_a_class_that_changes_after_the_first_request(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, name: str, way: str
) -> None:
    sources.write(main=SYNC)
    request = _client(sources, way, "hello")
    assert request("/a") == "GET /a"
    with monkeypatch.context() as patched:
        seen = counted(patched, flask.Flask, name)
        assert request("/b") == "GET /b"
        assert seen
    seen.clear()
    assert request("/c") == "GET /c"
    assert not seen


@pytest.mark.parametrize("way", ["server", "wsgi"])
def test_hooks_may_be_added_on_flasks_own_way_until_it_has_begun(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As instana's agent does at the first request."""
    original = flask.Flask.full_dispatch_request
    ended: list[object] = []

    def dispatch(app: flask.Flask) -> Any:
        if not ended:
            ended.append("added")
            app.teardown_request(ended.append)
        return original(app)

    monkeypatch.setattr(flask.Flask, "full_dispatch_request", dispatch)
    sources.write(main=SYNC)
    request = _client(sources, way, "hello")
    assert request("/a") == "GET /a"
    assert request("/b") == "GET /b"
    assert ended == ["added", None, None]


def _client(sources: SourceTree, way: str, target: str) -> Callable[[str], str]:
    if way == "server":
        client = Client(sources.root, target=target)
        return lambda path: client.get(path).text
    test_client = create_app(target, sources.root / "main.py").test_client()
    return lambda path: test_client.get(path).text


@pytest.mark.parametrize("name", [step for step in STEPS if step != "__call__"])
@pytest.mark.parametrize("is_late", [False, True])
def test_a_method_of_the_app_that_was_replaced_is_called(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, name: str, is_late: bool
) -> None:
    sources.write(main=SYNC)
    app = create_app("hello", sources.root / "main.py")
    if is_late:
        assert app.test_client().get("/").text == "GET /"
    seen = counted(monkeypatch, app, name)
    assert app.test_client().get("/").text == "GET /"
    assert seen


def test_a_source_may_wrap_its_app(sources: SourceTree) -> None:
    sources.write(
        main="""
        import flask
        app = flask.current_app
        inner = app.wsgi_app
        def outer(environ, start_response):
            environ["mine"] = "outer"
            return inner(environ, start_response)
        app.wsgi_app = outer
        def hello(request): return request.environ.get("mine", "")
        """
    )
    for way in ("server", "wsgi"):
        assert _client(sources, way, "hello")("/") == "outer"


def test_what_stands_around_an_app_may_be_a_generator(sources: SourceTree) -> None:
    sources.write(
        main=SYNC
        + """
app = flask.current_app
inner = app.wsgi_app
def outer(environ, start_response):
    parts = inner(environ, start_response)
    try:
        yield from parts
    finally:
        parts.close()
app.wsgi_app = outer
"""
    )
    client = Client(sources.root, target="hello")
    reply = client.get("/a")
    assert (reply.status, reply.text, reply.headers["x-mine"]) == (201, "GET /a", "1")
    assert client.get("/stream").text == "ab"
    assert (client.head("/a").status, client.head("/a").text) == (201, "")
    assert client.get("/crash").headers["x-google-status"] == "crash"
    assert client.get("/robots.txt").status == 404


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (RequestContext, "push"),
        (RequestContext, "match_request"),
        (AppContext, "push"),
        (flask.Request, "__init__"),
        (flask.Response, "__init__"),
        (flask.Response, "__call__"),
    ],
)
def test_what_flask_makes_for_a_request_may_be_watched(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    seen = counted(monkeypatch, owner, name)
    sources.write(main=SYNC)
    client = Client(sources.root, target="hello")
    seen.clear()
    assert client.get("/").status == 201
    assert seen


def test_nothing_is_taken_for_replaced_where_nobody_did(sources: SourceTree) -> None:
    sources.write(main=SYNC)
    app = create_app("hello", sources.root / "main.py")
    app.test_client().get("/")
    assert app._is_lean
    assert not is_starlette_replaced()


# -- Starlette ------------------------------------------------------------------------------------


class Watched(starlette.applications.Starlette):
    """As an agent that puts a class of its own in the place of Starlette's."""

    seen: list[str] = []  # noqa: RUF012

    async def __call__(self, *args: Any) -> None:
        self.seen.append("Starlette")
        await super().__call__(*args)


@pytest.fixture(
    params=["__call__", "build_middleware_stack", "handle", "request_response", "subclass"]
)
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    name = request.param
    if name == "subclass":
        Watched.seen.clear()
        monkeypatch.setattr(starlette.applications, "Starlette", Watched)
        return Watched.seen
    if name == "request_response":
        return counted(monkeypatch, starlette.routing, name)
    owner = starlette.routing.Route if name == "handle" else starlette.applications.Starlette
    return counted(monkeypatch, owner, name)


def test_the_server_goes_through_a_starlette_that_was_changed(
    sources: SourceTree, seen: list[str]
) -> None:
    sources.write(main=ASYNC)
    client = Client(sources.root, target="hello")
    reply = client.get("/a")
    assert (reply.status, reply.text, reply.headers["x-mine"]) == (201, "GET /a", "1")
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert seen
    assert client.get("/stream").text == "ab"
    assert client.request("FOO", "/b").text == "FOO /b"
    assert client.head("/b").body == b""
    crash = client.get("/crash")
    assert (crash.status, crash.headers["x-google-status"]) == (500, "crash")
    assert client.get("/robots.txt").status == 404
    events = Client(sources.root, target="on_event")
    assert events.post("/x", headers=EVENT).text == "OK"
    assert events.get("/x").status == 405


def test_the_application_of_the_api_goes_through_a_starlette_that_was_changed(
    sources: SourceTree, seen: list[str], request: pytest.FixtureRequest
) -> None:
    if "subclass" in request.node.name:
        pytest.skip("an application that exists keeps the class it was made of")
    sources.write(main=ASYNC)
    client = TestClient(create_asgi_app("hello", sources.root / "main.py"))
    reply = client.get("/a")
    assert (reply.status_code, reply.text, reply.headers["x-mine"]) == (201, "GET /a", "1")
    assert seen
    assert client.get("/stream").text == "ab"
    assert client.get("/crash").headers["x-google-status"] == "crash"


@pytest.mark.parametrize("is_flask_watched", [False, True])
def test_a_request_of_a_def_beside_async_functions_is_seen_once(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, *, is_flask_watched: bool
) -> None:
    by_starlette = counted(monkeypatch, starlette.applications.Starlette, "__call__")
    by_flask = counted(monkeypatch, flask.Flask, "__call__") if is_flask_watched else []
    sources.write(
        main="import flask\ndef plain(request): return 'plain'\n"
        "async def waiting(request): return 'waiting'\n"
    )
    client = Client(sources.root, target="plain,waiting")
    assert client.get("/plain").text == "plain"
    assert len(by_starlette) + len(by_flask) == 1
    assert client.get("/waiting/x").text == "waiting"
    assert len(by_starlette) + len(by_flask) == 2
    assert len(by_starlette) == (1 if is_flask_watched else 2)


def test_a_starlette_that_changes_after_the_first_request(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.write(main=ASYNC)
    client = TestClient(create_asgi_app("hello", sources.root / "main.py"))
    assert client.get("/a").text == "GET /a"
    called = counted(monkeypatch, starlette.applications.Starlette, "__call__")
    assert client.get("/b").text == "GET /b"
    assert called


@pytest.mark.parametrize(
    ("does", "status", "text"), [("answer", 403, "no"), ("raise", 500, ""), ("add", 201, "GET /a")]
)
def test_what_stands_in_front_of_the_function_has_its_way(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, does: str, status: int, text: str
) -> None:
    original = starlette.applications.Starlette.__call__

    async def call(app: Any, scope: Any, receive: Any, send: Any) -> None:
        async def adding(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"x-agent", b"seen"))
            await send(message)

        if does == "raise":
            raise RuntimeError("an agent's own")
        if does == "answer":
            await PlainTextResponse("no", 403)(scope, receive, adding)
        else:
            await original(app, scope, receive, adding)

    monkeypatch.setattr(starlette.applications.Starlette, "__call__", call)
    sources.write(main=ASYNC)
    reply = Client(sources.root, target="hello").get("/a")
    assert reply.status == status
    assert text in reply.text
    assert reply.headers.get("x-agent") == (None if does == "raise" else "seen")
