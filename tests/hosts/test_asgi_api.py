"""`create_asgi_app` and `functions_framework.aio:app`: Starlette apps."""

from __future__ import annotations

import asyncio
import os
import sys
import warnings
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse

from functions_framework import aio, create_app
from functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    MissingSourceException,
    MissingTargetException,
)

with warnings.catch_warnings():
    # Newer ones would rather have another client library than the one the tests need anyway.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from conftest import SourceTree

SOURCE = """
import functions_framework as ff
from functions_framework import aio
from starlette.requests import Request

SEEN = []
async def hello(request):
    assert isinstance(request, Request)
    return f"Hello {request.url.path} {(await request.body()).decode()}"
def plain(request): return f"plain {isinstance(request, Request)}"
@ff.http
def decorated(request): return f"decorated {isinstance(request, Request)}"
@aio.http
def threaded(request): return f"threaded {isinstance(request, Request)}"
def background(data, context): SEEN.append((data, context.event_id))
@aio.cloud_event
async def event(cloud_event): SEEN.append(cloud_event["id"])
class Name:
    def __init__(self, name): self.name = name
    @staticmethod
    def from_dict(given): return Name(given["name"])
    def to_dict(self): return {"name": self.name.upper()}
@ff.typed
async def typed(name: Name): return name
@ff.errorhandler(LookupError)
async def handle(error): return "handled", 418
async def failing(request):
    raise LookupError if request.url.path == "/handled" else ValueError("secret")
"""
CLOUD_EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


@pytest.fixture
def main(sources: SourceTree) -> SourceTree:
    sources.write(main=SOURCE)
    return sources


def _client(main: SourceTree, target: str, signature: str | None = None) -> TestClient:
    app = aio.create_asgi_app(target, main.root / "main.py", signature)
    assert isinstance(app, Starlette)
    return TestClient(app)


# -- 2.3 -----------------------------------------------------------------------------------------


def test_an_undecorated_async_function(main: SourceTree) -> None:
    response = _client(main, "hello").post("/a", content="body")
    assert (response.status_code, response.text) == (200, "Hello /a body")


@pytest.mark.parametrize("target", ["plain", "decorated", "threaded"])
def test_a_sync_function_gets_a_starlette_request(main: SourceTree, target: str) -> None:
    assert _client(main, target).get("/").text == f"{target} True"


@pytest.mark.parametrize("target", ["event", "background", "typed"])
def test_every_signature(main: SourceTree, target: str) -> None:
    client = _client(main, target, "event" if target == "background" else None)
    if target == "event":
        assert client.post("/", headers=CLOUD_EVENT).text == "OK"
        assert sys.modules["main"].SEEN == ["1"]
    elif target == "background":
        payload = {"context": {"eventId": "E"}, "data": 5}
        assert client.post("/", json=payload).text == "OK"
        assert sys.modules["main"].SEEN == [(5, "E")]
    else:
        assert client.post("/", json={"name": "x"}).json() == {"name": "X"}


def test_the_errorhandler_of_the_source(main: SourceTree) -> None:
    client = _client(main, "failing")
    assert (client.get("/handled").status_code, client.get("/handled").text) == (418, "handled")
    response = client.get("/")
    assert (response.status_code, response.headers["x-google-status"]) == (500, "crash")
    assert "secret" not in response.text


def test_over_httpx_in_one_event_loop(main: SourceTree) -> None:
    app = aio.create_asgi_app("hello", main.root / "main.py")

    async def ask() -> list[str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(*(client.get(f"/{number}") for number in range(20)))
        return [answer.text for answer in answers]

    assert asyncio.run(ask()) == [f"Hello /{number} " for number in range(20)]


FAILURES: dict[str, tuple[tuple[Any, ...], type[Exception], str]] = {
    "no target": (("", "main.py"), InvalidConfigurationException, "Target is not specified"),
    "no source": (("hello", "nothing.py"), MissingSourceException, "doesn't exist"),
    "no function": (("helo", "main.py"), MissingTargetException, "a function named 'helo'"),
    "signature": (("hello", "main.py", "x"), FunctionsFrameworkException, "signature type.*: x"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failures_are_those_of_create_app(
    main: SourceTree, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, kind, text = FAILURES[name]
    monkeypatch.chdir(main.root)
    for create in (create_app, aio.create_asgi_app):
        with pytest.raises(kind, match=text):
            create(*arguments)


# -- what a user adds to the application -----------------------------------------------------------


def test_routes_and_mounts_win_for_their_methods_only(main: SourceTree) -> None:
    app = aio.create_asgi_app("hello", main.root / "main.py")

    async def own(request: Any) -> PlainTextResponse:
        return PlainTextResponse(f"own {request.path_params}")

    app.router.add_route("/own/{number:int}", own, methods=["GET"])
    app.mount("/mounted", Starlette())
    client = TestClient(app)
    answers = {
        "GET": client.get("/own/5").text,
        "POST": client.post("/own/5").text,
        "other": client.get("/own/x").text,
        "slash": client.get("/own/5/").text,
        "mounted": client.get("/mounted/x").status_code,
    }
    assert answers == {
        "GET": "own {'number': 5}",
        "POST": "Hello /own/5 ",
        "other": "Hello /own/x ",
        "slash": "Hello /own/5/ ",
        "mounted": 404,
    }


def test_middleware_runs_around_the_function(main: SourceTree) -> None:
    app = aio.create_asgi_app("hello", main.root / "main.py")

    async def add(request: Any, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["X-Added"] = "1"
        return response

    app.add_middleware(BaseHTTPMiddleware, dispatch=add)
    response = TestClient(app).get("/a")
    assert (response.text, response.headers["X-Added"]) == ("Hello /a ", "1")


def test_the_request_knows_its_application(sources: SourceTree) -> None:
    sources.write(main="async def hello(request): return request.app.state.word")
    app = aio.create_asgi_app("hello", sources.root / "main.py")
    app.state.word = "word"
    assert TestClient(app).get("/").text == "word"


def test_the_lifespan_is_answered_and_websockets_are_refused(main: SourceTree) -> None:
    from starlette.websockets import WebSocketDisconnect

    app = aio.create_asgi_app("hello", main.root / "main.py")
    with TestClient(app) as client:
        assert client.get("/").status_code == 200
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
            pass


# -- functions_framework.aio:app -------------------------------------------------------------------


def test_the_lazy_app_is_built_once_from_the_environment(main: SourceTree) -> None:
    os.environ["FUNCTION_TARGET"] = "hello"
    os.environ["FUNCTION_SOURCE"] = str(main.root / "main.py")
    app = aio.LazyASGIApp()
    with TestClient(app):
        built = app.app
        assert built is not None, "the lifespan builds it"
    assert TestClient(app).get("/a").text == "Hello /a "
    assert app.app is built


def test_a_build_that_fails_is_tried_again(main: SourceTree) -> None:
    app = aio.LazyASGIApp("hello", main.root / "later.py")
    with pytest.raises(MissingSourceException):
        TestClient(app).get("/")
    main.write(later="async def hello(request): return 'there'")
    assert TestClient(app).get("/").text == "there"


# -- two apps in one process -----------------------------------------------------------------------


def test_two_async_apps_after_a_request_on_the_first(sources: SourceTree) -> None:
    text = (
        "import functions_framework as ff\n"
        "async def hello(request): raise LookupError\n"
        "@ff.errorhandler(LookupError)\n"
        "def handle(error): return '{0}', 418\n"
    )
    sources.write(one__main=text.format("one"), two__main=text.format("two"))
    one = TestClient(aio.create_asgi_app("hello", sources.root / "one" / "main.py"))
    assert one.get("/").text == "one"
    two = TestClient(aio.create_asgi_app("hello", sources.root / "two" / "main.py"))
    assert (one.get("/").text, two.get("/").text) == ("one", "two")


def test_create_app_gives_the_same_for_an_async_function(main: SourceTree) -> None:
    app = create_app("hello", main.root / "main.py")
    assert not isinstance(app, flask.Flask)
    assert TestClient(app).get("/a").text == "Hello /a "


# -- 3.8 -------------------------------------------------------------------------------------------


def test_the_exception_handler_middleware() -> None:
    async def failing(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret")

    client = TestClient(aio.ExceptionHandlerMiddleware(failing))
    response = client.get("/")
    assert (response.status_code, response.headers["x-google-status"]) == (500, "crash")
    assert "secret" not in response.text


def test_the_middleware_starts_no_second_response() -> None:
    sent: list[str] = []

    async def failing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("halfway")

    async def receive() -> Any:
        raise AssertionError("nothing is received")

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "GET", "path": "/"}
    call = aio.ExceptionHandlerMiddleware(failing)(scope, receive, send)
    with pytest.raises(ValueError, match="halfway"):
        asyncio.run(call)
    assert sent == ["http.response.start"]
