"""What hears that its client has left, and gives its response up for that, has not crashed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given

if TYPE_CHECKING:
    from support.served_source import Served

SOURCE = """
import asyncio, os
import functions_framework
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

async def parts():
    yield "first"
    await asyncio.sleep(60)

class Silent(Response):
    async def __call__(self, scope, receive, send):
        while (await receive())["type"] != "http.disconnect":
            pass

class Begun(Response):
    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await Silent()(scope, receive, send)

class Late(Response):
    async def __call__(self, scope, receive, send):
        await Silent()(scope, receive, send)
        raise ValueError("on purpose")

def made(what):
    os.write(2, b"begun\\n")
    done = BackgroundTask(os.write, 2, b"done\\n")
    stream = StreamingResponse(parts(), background=done, headers={"content-length": "100"})
    known = {"silent": Silent, "begun": Begun, "late": Late}
    found = known.get(what.rpartition("/")[2])
    return found(background=done) if found else stream

@functions_framework.http
async def function(request):
    return made(request.url.path)

async def endpoint(request):
    await request.body()
    return made(request.url.path)

app = Starlette(routes=[Route("/app/{what}", endpoint, methods=["GET", "POST"])])
"""
FLAGS = ("--access-log",)
SERVERS = {
    "function": Given(SOURCE, FLAGS, target="function"),
    "app": Given(SOURCE, FLAGS, target="app"),
}
STATUS = {"silent": 499, "begun": 499, "stream": 200}


def leave(found: Served, path: str, method: str) -> None:
    log = found.server.log.count
    begun, body = log("begun"), "abc" if method == "POST" else ""
    head = f"{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    with found.server.connect() as connection:
        connection.sendall(f"{head}{body}".encode())
        found.server.wait_for("begun", times=begun + 1)
        if path.endswith("stream"):
            assert connection.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize(("host", "what"), [*product(SERVERS, STATUS)])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_returns_as_its_client_left_has_not_crashed(
    servers: dict[str, Served], host: str, what: str, method: str
) -> None:
    found, path = servers[host], f"/{host}/{what}"
    done = found.server.log.count("done")
    leave(found, path, method)
    found.server.wait_for(f"{method} {path} {STATUS[what]}", seconds=5)
    if what == "stream":
        found.server.wait_for("done", times=done + 1, seconds=5)
    lines = found.server.log.splitlines()
    assert [line for line in lines if path in line and "INFO" not in line] == []
    assert "returned" not in found.server.log


@pytest.mark.parametrize("host", SERVERS)
def test_who_raises_then_has(servers: dict[str, Served], host: str) -> None:
    leave(servers[host], f"/{host}/late", "GET")
    servers[host].server.wait_for("ValueError: on purpose", seconds=5)
