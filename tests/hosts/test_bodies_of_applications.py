"""Bodies that are too long, or break off, are their senders' faults to whole applications too."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given
from support.server_process import read_answer

if TYPE_CHECKING:
    from support.served_source import Served

pytestmark = pytest.mark.once

FLASK = """
import flask

app = flask.Flask(__name__)

@app.post("/<path:path>")
def read(path):
    return str(len(flask.request.form if path == "form" else flask.request.get_data()))
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def read(request):
    return PlainTextResponse(str(len(await request.body())))

app = Starlette(routes=[Route("/{path:path}", read, methods=["POST"])])
"""
FASTAPI = """
from fastapi import FastAPI, Request

app = FastAPI()

@app.post("/{path:path}")
async def read(request: Request):
    return len(await request.body())
"""
WSGI = """
def app(environ, start_response):
    length = len(environ["wsgi.input"].read())
    start_response("200 OK", [])
    return [str(length).encode()]
"""
ASGI = """
class App:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        length, more = 0, True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            length += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": str(length).encode()})

app = App()
"""
SOURCES = {"flask": FLASK, "starlette": STARLETTE, "fastapi": FASTAPI, "wsgi": WSGI, "asgi": ASGI}
SERVERS = {
    name: Given(text, ("--max-body-size", "1000", "--body-timeout", "0.5"), "app")
    for name, text in SOURCES.items()
}
FORM = "content-type: application/x-www-form-urlencoded\r\n"
TOO_LONG = "7d0\r\n" + "x" * 2000 + "\r\n0\r\n\r\n"


def _post(path: str, body: str, fields: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
    return f"{head}{fields}\r\n{body}".encode()


@pytest.mark.parametrize(
    ("name", "path", "fields"),
    [*[(name, "/read", "") for name in SOURCES], ("flask", "/form", FORM)],
)
def test_one_that_is_too_long_is_413_and_no_crash(
    servers: dict[str, Served], name: str, path: str, fields: str
) -> None:
    server = servers[name].server
    assert server.send(_post(path, TOO_LONG, fields))[0] == 413
    assert server.send(_post(path, "3\r\na=1\r\n0\r\n\r\n", fields))[0] == 200
    assert "Traceback" not in server.log


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("sent", ["3\r\nab", "3\r\na=1\r\n"])
def test_one_that_breaks_off_is_400_and_no_crash(
    servers: dict[str, Served], name: str, sent: str
) -> None:
    server = servers[name].server
    with server.connect() as client:
        client.sendall(_post("/read", sent))
        client.shutdown(socket.SHUT_WR)
        assert read_answer(client)[0] == 400
    assert server.send(_post("/read", "1\r\na\r\n0\r\n\r\n"))[0] == 200
    assert "Traceback" not in server.log


@pytest.mark.parametrize("name", SOURCES)
def test_one_that_stops_coming_is_408_and_no_crash(servers: dict[str, Served], name: str) -> None:
    server = servers[name].server
    with server.connect() as client:
        client.sendall(_post("/read", "3\r\nab"))
        assert read_answer(client)[0] == 408
    assert server.send(_post("/read", "1\r\na\r\n0\r\n\r\n"))[0] == 200
    assert "Traceback" not in server.log
