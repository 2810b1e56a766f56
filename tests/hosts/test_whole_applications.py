"""Whole applications as the target, over a real server: Flask, Starlette, FastAPI, bare ones."""

from __future__ import annotations

import re
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import functions_framework
from functions_framework import aio
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.function import protocol_of
from served_source import refused, served, written
from server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from served_source import Served

FLASK = """
import sys
import time
import flask

app = flask.Flask(__name__)

@app.get("/")
def home():
    return "home"

@app.post("/echo/<name>")
def echo(name):
    given = flask.request
    return {"name": name, "body": given.get_json(), "id": given.headers["Function-Execution-Id"]}

@app.get("/stream")
def stream():
    def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                time.sleep(0.01)
        finally:
            print("stream closed", file=sys.stderr, flush=True)
    return parts()

@app.get("/crash")
def crash():
    raise ValueError("secret")

@app.get("/empty")
def empty():
    return "", 204
"""
STARLETTE = """
import asyncio
import contextlib
import sys
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

def say(word):
    print(word, file=sys.stderr, flush=True)

@contextlib.asynccontextmanager
async def lifespan(app):
    say("application up")
    yield {"pool": "the pool"}
    say("application down")

async def home(request):
    return PlainTextResponse("home", background=BackgroundTask(say, "after " + request.state.pool))

async def echo(request):
    return JSONResponse({
        "name": request.path_params["name"],
        "body": await request.json(),
        "id": request.headers["Function-Execution-Id"],
    })

async def stream(request):
    async def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                await asyncio.sleep(0.01)
        finally:
            say("stream closed")
    return StreamingResponse(parts())

async def crash(request):
    raise ValueError("secret")

async def empty(request):
    return Response(status_code=204)

async def through(request, call_next):
    return await call_next(request)

routes = [
    Route("/", home), Route("/echo/{name}", echo, methods=["POST"]), Route("/stream", stream),
    Route("/crash", crash), Route("/empty", empty), Mount("/mounted", routes=[Route("/", home)]),
]
app = Starlette(routes=routes, lifespan=lifespan)
app.add_middleware(BaseHTTPMiddleware, dispatch=through)
"""
FASTAPI = """
import asyncio
import sys
from fastapi import Body, FastAPI, Header, Response
from fastapi.responses import StreamingResponse

app = FastAPI()

@app.get("/")
async def home():
    return Response("home")

@app.post("/echo/{name}")
def echo(name: str, body: dict = Body(), function_execution_id: str = Header()):
    return {"name": name, "body": body, "id": function_execution_id}

@app.get("/stream")
async def stream():
    async def parts():
        try:
            for number in range(50):
                yield f"part {number}\\n"
                await asyncio.sleep(0.01)
        finally:
            print("stream closed", file=sys.stderr, flush=True)
    return StreamingResponse(parts())

@app.get("/crash")
async def crash():
    raise ValueError("secret")

@app.get("/empty", status_code=204)
async def empty():
    pass
"""
LIBRARIES = {"flask": FLASK, "starlette": STARLETTE, "fastapi": FASTAPI}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(served(tmp_path_factory.mktemp(name), text, target="app"))
            for name, text in LIBRARIES.items()
        }


@pytest.fixture(params=LIBRARIES)
def application(request: pytest.FixtureRequest, servers: dict[str, Served]) -> Served:
    return servers[request.param]


def test_the_applications_routes_answer(application: Served) -> None:
    client = application.client
    answers = [client.get("/"), client.get("/nowhere"), client.get("/empty"), client.get("/echo/x")]
    assert [answer.status_code for answer in answers] == [200, 404, 204, 405]
    assert (answers[0].text, answers[2].content) == ("home", b"")


def test_bodies_and_the_execution_id_arrive(application: Served) -> None:
    headers = {"Function-Execution-Id": "id7"}
    answer = application.client.post("/echo/ada", json={"a": [1]}, headers=headers)
    assert answer.json() == {"name": "ada", "body": {"a": [1]}, "id": "id7"}
    made = application.client.post("/echo/ada", json={}).json()["id"]
    assert re.fullmatch("[0-9a-f]{12}", made)


def test_a_stream_arrives_whole_and_is_closed_when_the_client_leaves(application: Served) -> None:
    whole = application.client.get("/stream").text
    assert whole.splitlines() == [f"part {number}" for number in range(50)]
    application.server.wait_for("stream closed", times=1)
    with application.client.stream("GET", "/stream") as answer:
        assert next(answer.iter_lines()) == "part 0"
    application.server.wait_for("stream closed", times=2)


def test_an_error_is_the_applications_to_answer_and_logged_once(application: Served) -> None:
    before = application.server.log.count("ValueError: secret")
    answer = application.client.get("/crash")
    assert (answer.status_code, "secret" in answer.text) == (500, False)
    wait_until(lambda: application.server.log.count("ValueError: secret") > before, "the log")
    assert application.client.get("/").status_code == 200
    assert application.server.log.count("ValueError: secret") == before + 1


def test_the_start_up_line_says_what_it_is(servers: dict[str, Served]) -> None:
    assert "Serving app (WSGI application) on" in servers["flask"].server.log
    assert "Serving app (ASGI application) on" in servers["fastapi"].server.log


def test_mounts_background_tasks_and_the_lifespan(tmp_path: Path) -> None:
    with served(tmp_path, STARLETTE, target="app") as (server, client):
        assert server.log.index("application up") < server.log.index("Serving app")
        assert client.get("/mounted/").text == "home"
        server.wait_for("after the pool")
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert server.log.count("application down") == 1


FAILING = """
from starlette.applications import Starlette

async def lifespan(app):
    raise RuntimeError("no database")
    yield

app = Starlette(lifespan=__import__("contextlib").asynccontextmanager(lifespan))
"""


def test_an_application_that_cannot_start_ends_the_server(tmp_path: Path) -> None:
    code, said = refused(tmp_path, FAILING, target="app")
    assert (code, said.count("RuntimeError: no database")) == (1, 1)
    assert "main.py" in said
    assert "Serving" not in said


BARE = """
import asyncio
import functions_framework
import sys

def say(word):
    print(word, file=sys.stderr, flush=True)

functions_framework.on_startup(lambda: say("hook up"))
functions_framework.on_shutdown(lambda: say("hook down"))

def wsgi(environ, start_response):
    body = environ["wsgi.input"].read()
    write = start_response("201 Made", [("x-a", "1"), ("x-a", "2")])
    write(b"written ")
    return [environ["PATH_INFO"].encode(), b" ", body]

def late(environ, start_response):
    start_response("200 OK", [])
    yield b"first"
    try:
        raise ValueError
    except ValueError:
        start_response("500 Oops", [], sys.exc_info())
    yield b"second"

def lazy(environ, start_response):
    yield b""
    start_response("200 OK", [])
    yield b"lazy"

def never(environ, start_response):
    return [b"x"]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    body = (await receive())["body"]
    headers = [(b"x-a", b"1"), (b"x-a", b"2")]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b"written ", "more_body": True})
    await send({"type": "http.response.body", "body": scope["path"].encode() + b" " + body})

async def silent(scope, receive, send):
    pass

async def endless(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await asyncio.sleep(0.01)
    finally:
        say("endless ended")

class Callable:
    async def __call__(self, scope, receive, send):
        await asgi(scope, receive, send)

made = Callable()
"""


@pytest.mark.parametrize("target", ["wsgi", "asgi", "made", "Callable"])
def test_bare_applications_are_told_by_what_they_are_called_with(
    target: str, tmp_path: Path
) -> None:
    with served(tmp_path, BARE, target=target) as (server, client):
        answer = client.post("/a%20b", content=b"body")
        assert (answer.status_code, answer.text) == (201, "written /a b body")
        assert answer.headers.get_list("x-a") == ["1", "2"]
        server.signal()
        assert server.exit_code() == 0
        assert server.log.index("hook up") < server.log.index("Serving")
        assert server.log.count("hook down") == 1


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("late", 200, "firstsecond"),
        ("lazy", 200, "lazy"),
        ("never", 500, None),
        ("silent", 500, None),
    ],
)
def test_odd_applications(target: str, status: int, body: str | None, tmp_path: Path) -> None:
    with served(tmp_path, BARE, target=target) as (server, client):
        answer = client.get("/")
        assert answer.status_code == status
        if body is None:
            assert answer.headers["x-google-status"] == "crash"
            server.wait_for("Exception on /")
        else:
            assert answer.text == body


def test_an_application_that_never_asks_for_its_client_ends_with_it(tmp_path: Path) -> None:
    with served(tmp_path, BARE, target="endless") as (server, client):
        with client.stream("GET", "/") as answer:
            assert next(answer.iter_bytes()).startswith(b"part")
        server.wait_for("endless ended")


def test_cors_for_the_server_goes_around_an_application(tmp_path: Path) -> None:
    with served(tmp_path, BARE, "--cors", "https://a.example", target="wsgi") as (_, client):
        answer = client.get("/", headers={"Origin": "https://a.example"})
        assert answer.headers["access-control-allow-origin"] == "https://a.example"


class _Odd:
    def __call__(self, env: Any, start_response: Any) -> Any: ...


@pytest.mark.parametrize(
    ("target", "protocol"),
    [
        (lambda environ, start_response: None, "wsgi"),
        (_Odd(), "wsgi"),
        (lambda scope, receive, send: None, "asgi"),
        (lambda scope, receive, send, extra=None: None, "asgi"),
        (lambda request: None, None),
        (lambda data, context: None, None),
        (lambda scope, receive: None, None),
        (lambda *arguments: None, None),
        (print, None),
    ],
)
def test_which_callables_are_applications(target: Callable[..., Any], protocol: str | None) -> None:
    assert protocol_of(target) == protocol


def test_the_python_api_gives_an_application_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = functions_framework.create_app("app", written(tmp_path, FLASK))
    assert app.test_client().get("/").text == "home"
    monkeypatch.setenv("FUNCTION_TARGET", "app")
    monkeypatch.setenv("FUNCTION_SOURCE", str(tmp_path / "main.py"))
    with httpx.Client(
        transport=httpx.WSGITransport(functions_framework.LazyWSGIApp()), base_url="http://x"
    ) as client:
        assert client.get("/").text == "home"
    with pytest.raises(InvalidConfigurationException, match="WSGI application"):
        aio.create_asgi_app("app", tmp_path / "main.py")
    with pytest.raises(InvalidConfigurationException, match="lifespan"):
        aio.create_asgi_app("asgi", written(tmp_path, BARE))
