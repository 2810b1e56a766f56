"""Several functions on one port: each at its path with its own signature, over a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.served_source import EVENT, Given, Served, refused, served

if TYPE_CHECKING:
    from pathlib import Path

    from support.served_source import Served

IDS = """
import functions_framework

@functions_framework.http
def seen(request):
    return [request.headers["Function-Execution-Id"], functions_framework.current().execution_id]

@functions_framework.http
async def beside(request):
    return "fine"
"""


@pytest.mark.parametrize("given", [{}, {"Function-Execution-Id": "mine"}])
def test_a_sync_function_beside_async_ones_sees_its_calls_id(
    tmp_path: Path, given: dict[str, str]
) -> None:
    with served(tmp_path, IDS) as (_, client):
        first, second = (client.get("/seen", headers=given).json() for _ in range(2))
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert (first == second) is bool(given)


# `async ` stands before each `def` on the event loop, and before none on threads.
SOURCE = """
import sys
import threading
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.http
{http}def orders(request):
    is_main = threading.current_thread() is threading.main_thread()
    return {{"path": request.{path}, "is_main": is_main}}

@functions_framework.http(path="/deep/down/")
{http}def deep(request):
    return "deep"

@functions_framework.cloud_event
{event}def on_event(event):
    say("cloud event", event["id"])

@functions_framework.event(path="/background")
{event}def on_background(data, context):
    say("background", data, context.event_id)

@functions_framework.typed
{event}def double(number: int) -> int:
    return number * 2
"""
SOURCES = {
    "sync": {"http": "", "path": "path", "event": ""},
    "async ": {"http": "async ", "path": "url.path", "event": "async "},
    "mixed, requests async": {"http": "async ", "path": "url.path", "event": ""},
    "mixed, events async": {"http": "", "path": "path", "event": "async "},
}
SERVED = {kind: SOURCE.format(**words) for kind, words in SOURCES.items()}


SERVERS = {kind: Given(text) for kind, text in SERVED.items()}


@pytest.fixture(params=SERVED)
def several(request: pytest.FixtureRequest, servers: dict[str, Served]) -> Served:
    return servers[request.param]


@pytest.mark.parametrize("path", ["/orders", "/orders/", "/orders/7/lines", "/orders//x"])
def test_a_function_owns_its_name_and_what_is_below(several: Served, path: str) -> None:
    answer = several.client.get(path)
    assert (answer.status_code, answer.json()["path"]) == (200, path)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/deep/down", 200),
        ("/deep/down/x", 200),
        ("/deep", 404),
        ("/deep/downx", 404),
        ("/", 404),
        ("/ordersx", 404),
        ("/Orders", 404),
        ("/robots.txt", 404),
        ("/favicon.ico", 404),
        ("/docs", 404),
        ("/openapi.json", 404),
    ],
)
def test_an_unknown_path_is_refused_and_names_no_function(
    several: Served, path: str, status: int
) -> None:
    answer = several.client.get(path, headers={"accept": "text/html"})
    assert answer.status_code == status
    for name in ("orders", "on_event", "on_background", "double"):
        assert name not in answer.text


def test_each_keeps_its_signature(several: Served) -> None:
    client = several.client
    answers = [
        client.post("/on_event", headers=EVENT),
        client.post("/background", json={"eventId": "e1", "data": {"a": 1}}),
        client.post("/double", json=21),
        client.post("/double", json="x"),
        client.get("/double", params={"number": "4"}),
        client.get("/on_event"),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 422, 200, 405]
    assert (answers[2].json(), answers[4].json()) == (42, 8)
    several.server.wait_for("cloud event 1")
    several.server.wait_for("background {'a': 1} e1")


def test_the_start_up_line_lists_all(several: Served) -> None:
    line = next(line for line in several.server.log.splitlines() if line.startswith("Serving"))
    for name, signature, path in (
        ("orders", "http", "/orders"),
        ("deep", "http", "/deep/down"),
        ("on_event", "cloudevent", "/on_event"),
        ("on_background", "event", "/background"),
        ("double", "typed", "/double"),
    ):
        assert f"{name} ({signature}, " in line
        assert f") at {path}" in line


@pytest.mark.parametrize("kind", SERVED)
def test_sync_functions_stay_off_the_event_loop(servers: dict[str, Served], kind: str) -> None:
    is_on_main_thread = servers[kind].client.get("/orders").json()["is_main"]
    assert is_on_main_thread is (SOURCES[kind]["http"] == "async ")


ROOT = """
import functions_framework

@functions_framework.http(path="/")
{word}def rest(request):
    return "rest"

@functions_framework.http(path="/robots.txt")
{word}def robots(request):
    return "robots"

@functions_framework.typed
def double(number: int) -> int:
    return number * 2
"""


@pytest.mark.parametrize("word", ["", "async "])
def test_a_function_at_the_root_gets_what_is_left(word: str, tmp_path: Path) -> None:
    with served(tmp_path, ROOT.format(word=word)) as (_, client):
        found = {
            path: client.get(path).text for path in ("/", "/a/b", "/robots.txt", "/double?number=2")
        }
        assert client.get("/favicon.ico").status_code == 404
    assert found == {"/": "rest", "/a/b": "rest", "/robots.txt": "robots", "/double?number=2": "4"}


def test_targets_pick_some_and_a_module_of_a_package_holds_them(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "orders.py").write_text(SERVED["mixed, requests async"])
    target = "shop.orders:orders,shop.orders:double"
    with served(tmp_path, "", "--source", ".", target=target) as (server, client):
        assert client.get("/orders").status_code == 200
        assert client.post("/double", json=1).json() == 2
        assert client.get("/deep/down").status_code == 404
        assert "on_event" not in server.log


def test_a_browser_sees_the_list_in_debug_only(tmp_path: Path) -> None:
    with served(tmp_path, SERVED["mixed, requests async"], "--debug") as (_, client):
        page = client.get("/", headers={"accept": "text/html,*/*"})
        assert page.status_code == 200
        assert '<a href="/deep/down">' in page.text
        assert "double (typed)" in page.text
        assert client.get("/").status_code == 404


@pytest.mark.parametrize("word", ["", "async "])
def test_a_single_function_still_owns_every_path(word: str, tmp_path: Path) -> None:
    text = f"import functions_framework as ff\n@ff.http\n{word}def hello(request): return 'x'"
    with served(tmp_path, text) as (server, client):
        assert [client.get(path).text for path in ("/", "/hello", "/a/b")] == ["x"] * 3
        assert " at /" not in server.log


HEAD = "import functions_framework as ff\nfrom functions_framework import aio\n"
FAULTS: dict[str, tuple[str, list[str]]] = {
    "two functions on one path": (
        ("@ff.http(path='/a')\ndef one(r): ...\n@ff.http(path='/a/')\ndef two(r): ...\n"),
        ["'one'", "main.py:3", "'two'", "main.py:5", "'/a'", "path="],
    ),
    "two on one path, one of them async": (
        "@ff.http\ndef one(r): ...\n@aio.http(path='/one')\nasync def two(r): ...\n",
        ["'one'", "main.py:3", "'two'", "main.py:5", "'/one'", "path="],
    ),
    "a path without its slash": (
        "@ff.cloud_event(path='orders')\ndef one(e): ...\n",
        ["'one'", "main.py:3", "'orders'", "must start with '/'"],
    ),
    "a path with a query": (
        "@aio.cloud_event(path='/orders?x=1')\nasync def one(e): ...\n",
        ["'one'", "main.py:3", "'/orders?x=1'", "'?'"],
    ),
    "a typed function without annotation": (
        "@ff.typed\ndef one(x): ...\n",
        ["'one'", "main.py, line 3", "Annotate"],
    ),
    "a typed function of an unsupported type": (
        "class Odd:\n  def __init__(self, x): ...\n\n@ff.typed\ndef one(x: Odd): ...\n",
        ["'one'", "main.py, line 6", "Odd", "Annotate"],
    ),
    "event data of an unsupported type": (
        (
            "class Odd:\n  def __init__(self, x): ...\n\n"
            "@ff.cloud_event\ndef one(event, x: Odd): ...\n"
        ),
        ["'one'", "main.py, line 6", "Odd"],
    ),
    "a resource with arguments": (
        ("@ff.resource\ndef db(url): ...\n@ff.http\ndef one(r): ...\n"),
        ["'db'", "main.py:3", "without any"],
    ),
    "cors= that isn't a valid origin": (
        "@ff.http(cors='example.com')\ndef one(r): ...\n",
        ["'one'", "main.py:3", "example.com", "https://"],
    ),
    "an application beside a function": (
        "def app(environ, start_response): ...\n@ff.http\ndef one(r): ...\n",
        ["'app'", "'one'", "WSGI", "--target"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_cannot_be_served_is_said_in_one_line(fault: str, tmp_path: Path) -> None:
    text, parts = FAULTS[fault]
    target: Any = "app,one" if "application" in fault else None
    code, said = refused(tmp_path, HEAD + text, target=target)
    assert (code, said.count("\n")) == (1, 1), said
    assert said.startswith("Error: ")
    assert [part for part in parts if part not in said] == []
