"""What is to be done after a response has no body to wait for, or is an application's own."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given

if TYPE_CHECKING:
    from support.served_source import Served

SOURCE = """
import os, threading
import flask
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
import functions_framework

released = threading.Semaphore(0)

def work(name):
    assert released.acquire(timeout=10)
    os.write(2, f"worked after {name}\\n".encode())

def made(kind):
    if kind == "release":
        released.release()
        return flask.Response("released")
    response = {
        "whole": lambda: flask.Response("ab"),
        "empty": lambda: flask.Response(""),
        "large": lambda: flask.Response(b"ab" * 2**22),
        "parts": lambda: flask.Response(iter(["a", "b"])),
        "moved": lambda: flask.redirect("/elsewhere"),
        "204": lambda: flask.Response(status=204),
        "304": lambda: flask.Response(status=304),
    }[kind]()
    response.call_on_close(lambda: work(kind))
    return response

wsgi = flask.Flask(__name__)
wsgi.add_url_rule("/<kind>", view_func=made, methods=["GET", "POST"])

def generator(environ, start_response):
    if environ["PATH_INFO"] == "/release":
        released.release()
    start_response("200 OK", [("Content-Length", "2")])
    yield b"ab"
    if environ["PATH_INFO"] != "/release":
        work("whole")

async def respond(request):
    kind = request.path_params["kind"]
    if kind == "release":
        released.release()
        return PlainTextResponse("released")
    status = int(kind) if kind.isdigit() else 200
    content = "ab" if kind == "whole" else None
    return Response(content, status, background=BackgroundTask(work, kind))

asgi = Starlette(routes=[Route("/{kind}", respond, methods=["GET", "POST"])])

@functions_framework.http
def plain(request):
    return made(request.path.rpartition("/")[2])

@functions_framework.http
async def waiting(request):
    request.scope["path_params"] = {"kind": request.url.path.rpartition("/")[2]}
    return await respond(request)
"""
HOOKS = """
@flask.current_app.after_request
def hooked(response):
    return response
"""
WATCHED = ("--record", "records")
SERVERS = {
    "wsgi": Given(SOURCE, target="wsgi"),
    "wsgi, watched": Given(SOURCE, WATCHED, target="wsgi"),
    "generator": Given(SOURCE, target="generator"),
    "asgi": Given(SOURCE, target="asgi"),
    "asgi, watched": Given(SOURCE, WATCHED, target="asgi"),
    "plain": Given(SOURCE, target="plain"),
    "hooked": Given(SOURCE + HOOKS, target="plain"),
    "mixed": Given(SOURCE + HOOKS),
    "waiting": Given(SOURCE, target="waiting"),
}
STATUS = {"moved": 302, "204": 204, "304": 304}
BODY = {"whole": b"ab", "parts": b"ab", "large": b"ab" * 2**22}
BY_FLASK = {"wsgi": "", "wsgi, watched": "", "plain": "", "hooked": "", "mixed": "/plain"}
BY_STARLETTE = {"asgi": "", "asgi, watched": "", "waiting": "", "mixed": "/waiting"}
KINDS = ["whole", "empty", "204", "304"]
CASES = [
    *product(BY_FLASK.items(), [*KINDS, "parts", "moved", "large"]),
    *product(BY_STARLETTE.items(), KINDS),
    (("generator", ""), "whole"),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("served_at", "kind"), CASES)
def test_a_client_has_its_response_before_the_work_begins(
    servers: dict[str, Served], served_at: tuple[str, str], kind: str, method: str
) -> None:
    name, prefix = served_at
    found = servers[name]
    done = f"worked after {kind}"
    before = found.server.log.count(done)
    answer = found.client.request(method, f"{prefix}/{kind}")
    assert found.server.log.count(done) == before
    assert found.client.get(f"{prefix}/release").content
    found.server.wait_for(done, times=before + 1)
    assert answer.status_code == STATUS.get(kind, 200)
    if method == "GET" and kind != "moved":
        assert answer.content == BODY.get(kind, b"")
