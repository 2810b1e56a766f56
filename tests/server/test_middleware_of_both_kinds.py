"""Middleware of both kinds on real servers: many calls at once, deadlines, clients that leave."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.served_source import EVENT, served
from support.server_process import wait_until

if TYPE_CHECKING:
    from support.server_process import ServerProcess

pytestmark = pytest.mark.once

SAYING = "print(*words, file=sys.stderr, flush=True)"
LAYERS = """
import asyncio, contextvars, sys, time
import functions_framework
import functions_framework.aio

user = contextvars.ContextVar("user", default="nobody")

def say(*words):
    print(*words, file=sys.stderr, flush=True)

def path_of(invocation):
    request = invocation.request
    if request is None:
        return "/event"
    return request.path if hasattr(request, "path") else request.url.path

@functions_framework.middleware
{first}

@functions_framework.middleware
{second}

@functions_framework.middleware
{third}
"""
DEF = """
def around(invocation, call_next):
    if path_of(invocation) == "/set":
        user.set("somebody")
    try:
        return call_next(invocation)
    finally:
        say("layer left", path_of(invocation))
"""
ASYNC = """
async def around(invocation, call_next):
    if path_of(invocation) == "/early":
        await asyncio.sleep(60)
    await asyncio.sleep(0.01)
    try:
        return await call_next(invocation)
    finally:
        say("layer left", path_of(invocation))
"""
ORDERS = {"def async def": (DEF, ASYNC, DEF), "async def async": (ASYNC, DEF, ASYNC)}

FUNCTIONS = """
@functions_framework.http
async def waiting(request):
    path = request.url.path
    say("called", path)
    try:
        if path == "/hang":
            await asyncio.sleep(60)
        if path == "/exit":
            sys.exit(3)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(int)
    finally:
        say("function left", path)
    return user.get()

@functions_framework.http
def plain(request):
    say("called", request.path)
    try:
        while request.path == "/hang":
            time.sleep(0.01)
        if request.path == "/exit":
            sys.exit(3)
        time.sleep(0.01)
    finally:
        say("function left", request.path)
    return user.get()

@functions_framework.aio.http
def threaded(request):
    time.sleep(0.01)
    return user.get()

@functions_framework.cloud_event
async def on_event(event):
    say("called /event")
    try:
        await asyncio.sleep(60)
    finally:
        say("function left /event")
"""


def source(order: str) -> str:
    first, second, third = ORDERS[order]
    return LAYERS.format(first=first, second=second, third=third) + FUNCTIONS


async def ask_at_once(server: ServerProcess, number: int, path: str) -> list[bytes]:
    """The status lines and last lines of so many calls at once."""

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.partition(b"\r\n")[0] + b" " + body

    return await asyncio.wait_for(asyncio.gather(*(ask() for _ in range(number))), 60)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", ["waiting", "plain", "threaded", "waiting,plain"])
def test_a_thousand_calls_at_once_are_answered(tmp_path: Path, order: str, target: str) -> None:
    path = "/plain" if "," in target else "/"
    number = 1000 if target == "waiting" else 300
    with served(tmp_path, source(order).replace(SAYING, "pass"), target=target) as found:
        answers = asyncio.run(ask_at_once(found.server, number, path))
        assert set(answers) == {b"HTTP/1.1 200 OK nobody"}
        assert found.client.get(path).text == "nobody"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", ["waiting", "plain"])
@pytest.mark.parametrize("path", ["/hang", "/early"])
def test_a_deadline_ends_the_call_and_holds_no_other(
    tmp_path: Path, order: str, target: str, path: str
) -> None:
    flags = ("--timeout", "0.6", "--concurrency", "2")
    with served(tmp_path, source(order), *flags, target=target) as found:
        for answer in asyncio.run(ask_at_once(found.server, 5, path)):
            assert answer.startswith(b"HTTP/1.1 504 "), answer
        layers = 3 if path == "/hang" else 0 if order.startswith("async") else 1
        found.server.wait_for(f"layer left {path}", times=5 * layers)
        called = found.server.log.count(f"called {path}")
        assert called == (5 if path == "/hang" else 0)
        found.server.wait_for(f"function left {path}", times=called)
        for _ in range(3):
            assert found.client.get("/").text == "nobody"


@pytest.mark.parametrize("order", ORDERS)
def test_a_client_that_leaves_cancels_the_function(tmp_path: Path, order: str) -> None:
    with served(tmp_path, source(order), target="waiting") as found:
        server = found.server
        with server.connect() as connection:
            connection.sendall(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("called /hang")
        server.wait_for("function left /hang", seconds=5)
        server.wait_for("layer left /hang", times=3, seconds=5)
        assert re.search("Traceback|never retrieved", server.log) is None


def test_a_deadline_ends_an_event_too(tmp_path: Path) -> None:
    flags = ("--timeout", "0.4")
    with served(tmp_path, source("def async def"), *flags, target="on_event") as found:
        assert found.client.post("/", headers=EVENT).status_code == 504
        found.server.wait_for("function left /event", seconds=5)
        found.server.wait_for("layer left /event", times=3, seconds=5)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", ["waiting", "plain"])
def test_an_exit_ends_its_own_call_only(tmp_path: Path, order: str, target: str) -> None:
    with served(tmp_path, source(order), target=target) as found:
        for _ in range(2):
            assert found.client.get("/exit").status_code == 500
            assert found.client.get("/").text == "nobody"


@pytest.mark.parametrize("target", ["waiting", "plain", "threaded"])
def test_what_middleware_set_for_one_call_is_not_seen_by_the_next(
    tmp_path: Path, target: str
) -> None:
    with served(tmp_path, source("def async def"), "--threads", "1", target=target) as found:
        for _ in range(2):
            assert found.client.get("/set").text == "somebody"
            assert found.client.get("/").text == "nobody"


def test_threads_made_for_many_calls_end_again(tmp_path: Path) -> None:
    with served(tmp_path, source("def async def"), target="waiting") as found:
        (worker,) = found.server.children()

        def threads() -> int:
            return len(list(Path(f"/proc/{worker}/task").iterdir()))

        found.client.get("/")
        before = threads()
        with ExitStack() as clients:
            for _ in range(30):
                connection = clients.enter_context(found.server.connect())
                connection.sendall(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
            # Each has its own, whose middleware waits in it.
            wait_until(lambda: threads() >= before + 20, "the threads")
        wait_until(lambda: threads() <= before + 6, "the end of the threads")
        assert found.server.log.count("function left /hang") == 30
        assert found.client.get("/").text == "nobody"
