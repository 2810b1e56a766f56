"""Middleware on a real server, around every signature and both kinds, and in applications' APIs."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import functions_framework
from functions_framework import aio
from support.served_source import EVENT, Given, Served, served, written

if TYPE_CHECKING:
    from pathlib import Path

    from support.served_source import Served

SOURCE = """
import sys
import functions_framework

@functions_framework.middleware
def outer(invocation, call_next):
    header = invocation.request.headers.get("x-key") if invocation.request else "key"
    if header == "wrong":
        return "refused", 403
    is_event, has_end = invocation.event is not None, invocation.deadline is not None
    name, key = invocation.function.name, invocation.execution_id
    print("outer:", name, key, is_event, has_end, file=sys.stderr, flush=True)
    result = call_next(invocation)
    return f"outer({{result}})" if isinstance(result, str) else result

@functions_framework.middleware
async def inner(invocation, call_next):
    try:
        result = await call_next(invocation)
    except ZeroDivisionError:
        return "divided", 400
    return f"inner({{result}})" if isinstance(result, str) else result

@functions_framework.http
{word}def hello(request):
    if request.headers.get("x-key") == "zero":
        1 / 0
    return "hello"

@functions_framework.cloud_event
{word}def on_event(event):
    print("event", event["id"], file=sys.stderr, flush=True)

@functions_framework.typed
{word}def double(number: int) -> int:
    return number * 2

@functions_framework.event
{word}def on_background(data, context):
    print("background", data, file=sys.stderr, flush=True)
"""


SERVERS = {word: Given(SOURCE.format(word=word)) for word in ("", "async ")}


@pytest.fixture(params=["", "async "], ids=["def", "async def"])
def around(request: pytest.FixtureRequest, servers: dict[str, Served]) -> Served:
    return servers[request.param]


def test_layers_change_the_result_the_first_outermost(around: Served) -> None:
    answer = around.client.get("/hello", headers={"Function-Execution-Id": "id1"})
    assert answer.text == "outer(inner(hello))"
    around.server.wait_for("outer: hello id1 False False")


def test_a_layer_answers_itself_and_the_function_is_not_called(around: Served) -> None:
    answer = around.client.get("/hello", headers={"x-key": "wrong"})
    assert (answer.status_code, answer.text) == (403, "refused")


def test_a_layer_answers_for_an_exception(around: Served) -> None:
    answer = around.client.get("/hello", headers={"x-key": "zero"})
    assert (answer.status_code, answer.text) == (400, "divided")


def test_events_and_values_pass_through_them_too(around: Served) -> None:
    client = around.client
    headers = EVENT | {"Function-Execution-Id": "id2"}
    assert client.post("/on_event", headers=headers).text == "OK"
    around.server.wait_for("outer: on_event id2 True False")
    around.server.wait_for("event 1")
    assert client.post("/double", json=4).json() == 8
    body = {"eventId": "1", "data": {"a": 1}}
    assert client.post("/on_background", json=body).status_code == 200
    around.server.wait_for("background {'a': 1}")


def test_the_deadline_is_seen(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE.format(word=""), "--timeout", "30", target="hello") as found:
        assert found.client.get("/").text == "outer(inner(hello))"
        found.server.wait_for("False True")


def test_create_app_runs_them(tmp_path: Path) -> None:
    source = written(tmp_path, SOURCE.format(word=""))
    client = functions_framework.create_app("hello", source).test_client()
    assert client.get("/").text == "outer(inner(hello))"
    event = functions_framework.create_app("double", source).test_client()
    assert event.post("/", json=2).get_json() == 4


@pytest.mark.parametrize("word", ["", "async "])
def test_create_asgi_app_runs_them(word: str, tmp_path: Path) -> None:
    app = aio.create_asgi_app("hello", written(tmp_path, SOURCE.format(word=word)))

    async def ask() -> Any:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return (await client.get("/")).text

    assert asyncio.run(ask()) == "outer(inner(hello))"


HOOKS = """
import functions_framework
seen = []
functions_framework.on_startup(lambda: seen.append("up"))

@functions_framework.on_startup
async def later():
    seen.append("later")

@functions_framework.on_shutdown
async def down():
    with open("down.txt", "w") as file:
        file.write("down")

@functions_framework.http
{word}def hello(request):
    return seen
"""


def test_create_app_runs_the_hooks_with_the_process(tmp_path: Path) -> None:
    written(tmp_path, HOOKS.format(word=""))
    script = (
        "import functions_framework\n"
        "app = functions_framework.create_app('hello', 'main.py')\n"
        "print(app.test_client().get('/').text, end='')"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert json.loads(done.stdout) == ["up", "later"]
    assert (tmp_path / "down.txt").read_text() == "down"


def test_create_asgi_app_runs_the_hooks_with_its_lifespan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = aio.create_asgi_app("hello", written(tmp_path, HOOKS.format(word="async ")))

    async def live() -> None:
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
                assert (await client.get("/")).json() == ["up", "later"]
            assert not (tmp_path / "down.txt").exists()

    asyncio.run(live())
    assert (tmp_path / "down.txt").read_text() == "down"
