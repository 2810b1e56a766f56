"""Whole applications as the target, over a real server: Flask, Starlette, FastAPI, bare ones."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import functions_framework
from functions_framework import aio
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import protocol_of
from support.application_sources import BARE, FAILING, FASTAPI, FLASK, STARLETTE
from support.served_source import Given, Served, refused, served, written
from support.server_process import read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.served_source import Served

LIBRARIES = {"flask": FLASK, "starlette": STARLETTE, "fastapi": FASTAPI}


SERVERS = {name: Given(text, target="app") for name, text in LIBRARIES.items()}


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


def test_an_application_that_cannot_start_ends_the_server(tmp_path: Path) -> None:
    code, said = refused(tmp_path, FAILING, target="app")
    assert (code, said.count("RuntimeError: no database")) == (1, 1)
    assert "main.py" in said
    assert "Serving" not in said


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
        ("lazy", 200, "lazy"),
        ("changed", 503, "second"),
        ("failing", 500, None),
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


class _Slotted:
    __slots__ = ("__call__",)

    def __init__(self) -> None:
        self.__call__ = self._run

    async def _run(self, scope: Any, receive: Any, send: Any) -> None: ...


@pytest.mark.parametrize(
    ("target", "protocol"),
    [
        (lambda environ, start_response: None, "wsgi"),
        (_Odd(), "wsgi"),
        (_Slotted(), "asgi"),
        (lambda scope, receive, send: None, "asgi"),
        (lambda scope, receive, send, extra=None: None, "asgi"),
        (lambda scope, receive, send, **options: None, "asgi"),
        (lambda environ, start_response, *more: None, "wsgi"),
        (lambda request: None, None),
        (lambda data, context: None, None),
        (lambda scope, receive: None, None),
        (lambda *arguments: None, None),
        (lambda request, *more, **options: None, None),
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


def test_a_head_that_is_sent_cannot_be_changed(tmp_path: Path) -> None:
    with served(tmp_path, BARE, target="late") as (server, _), server.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        with pytest.raises(ConnectionError):
            read_answer(connection)
        server.wait_for("ValueError")


BACKGROUND = """
import asyncio, sys
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse
from starlette.routing import Route
import functions_framework

async def later():
    await asyncio.sleep(0.5)
    print("later", file=sys.stderr, flush=True)

async def parts():
    yield "first"
    await asyncio.sleep(0.05)
    yield "second"

async def streamed(request):
    return StreamingResponse(parts(), background=BackgroundTask(later))

function = functions_framework.http(streamed)
app = Starlette(routes=[Route("/", streamed)])
"""


@pytest.mark.parametrize("target", ["function", "app"])
def test_a_stream_ends_before_what_is_done_after_it(tmp_path: Path, target: str) -> None:
    with served(tmp_path, BACKGROUND, target=target) as (server, client):
        assert client.get("/").text == "firstsecond"
        assert "later" not in server.log
        server.wait_for("later")


LIFESPANS = """
    from contextlib import asynccontextmanager
    from starlette.applications import Starlette

    @asynccontextmanager
    async def begins_badly(app):
        raise RuntimeError("no database")
        yield

    @asynccontextmanager
    async def ends_badly(app):
        yield
        raise RuntimeError("cannot close")

    begins = Starlette(lifespan=begins_badly)
    ends = Starlette(lifespan=ends_badly)
"""


def test_a_lifespan_that_fails_at_its_start_ends_the_server(tmp_path: Path) -> None:
    code, log = refused(tmp_path, LIFESPANS, target="begins")
    assert (code, "Serving" in log) == (1, False)
    assert "RuntimeError: no database" in log


def test_a_lifespan_that_fails_at_its_end_is_logged(tmp_path: Path) -> None:
    with served(tmp_path, LIFESPANS, target="ends") as (server, _):
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
    assert "RuntimeError: cannot close" in server.log
