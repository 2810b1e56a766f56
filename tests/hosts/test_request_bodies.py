"""Bodies that nobody reads are drained in pieces, and cut-off ones refused."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import flask
import pytest
from werkzeug.exceptions import NotFound

import functions_framework
from functions_framework.api.registrations import Registrations
from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.asgi.host import ASGIHost
from functions_framework.hosts.error_handlers import ErrorHandlers
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.wsgi.environ import CHUNK
from functions_framework.hosts.wsgi.host import EventHost
from functions_framework.model.function import Function, Signature
from functions_framework.runtime.threads import Threads
from support.callers import raiser

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 20_000_000


class Upload:
    """A `wsgi.input` that makes its bytes up, and notes how they are read."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.largest_piece = 0

    def read(self, size: int = -1) -> bytes:
        taken = self.left if size < 0 else min(size, self.left)
        self.left -= taken
        self.largest_piece = max(self.largest_piece, taken)
        return b"x" * taken


def _environ(upload: Upload, *, is_sized: bool) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": upload,
        "HTTP_HOST": "localhost",
    }
    if is_sized:
        environ["CONTENT_LENGTH"] = str(upload.left)
        environ["wsgi.input_terminated"] = False
    return environ


def _flask_app(call: Callable[..., Any], *, is_lean: bool) -> FunctionApp:
    app = FunctionApp("main", Path("/nowhere"))
    if not is_lean:
        app.before_request(lambda: None)
    app.serve([Function(call, "hello")], Registrations())
    return app


def _status(app: Any, environ: dict[str, Any]) -> str:
    seen: list[str] = []
    body = app(environ, lambda status, *_: seen.append(status))
    list(body)
    return seen[0]


@pytest.mark.parametrize("is_sized", [True, False], ids=["sized", "chunked"])
@pytest.mark.parametrize("is_lean", [True, False], ids=["lean", "full"])
@pytest.mark.parametrize("result", ["text", ("text", 201), flask.Response("r")])
def test_a_body_nobody_read_is_drained_in_pieces(
    result: Any, is_lean: bool, is_sized: bool
) -> None:
    upload = Upload(LARGE)
    app = _flask_app(lambda _: result, is_lean=is_lean)
    assert _status(app, _environ(upload, is_sized=is_sized))[0] == "2"
    assert upload.left == 0
    assert upload.largest_piece <= CHUNK


@pytest.mark.parametrize("is_lean", [True, False], ids=["lean", "full"])
@pytest.mark.parametrize("error", [ValueError(), NotFound(), MalformedRequest()])
def test_errors_drain_too(error: Exception, is_lean: bool) -> None:
    upload = Upload(LARGE)
    app = _flask_app(raiser(error), is_lean=is_lean)
    assert _status(app, _environ(upload, is_sized=False))[0] in "45"
    assert (upload.left, upload.largest_piece <= CHUNK) == (0, True)


@pytest.mark.parametrize("is_lean", [True, False], ids=["lean", "full"])
def test_a_streamed_answer_may_still_read(is_lean: bool) -> None:
    upload = Upload(300)

    def echo(request: flask.Request) -> Any:
        return (request.stream.read(100) for _ in range(3))

    app = _flask_app(flask.stream_with_context(echo) if is_lean else echo, is_lean=is_lean)
    body: Any = app(_environ(upload, is_sized=False), lambda *_: lambda _: None)
    assert upload.left >= 200
    assert b"".join(body) == b"x" * 300


def test_read_request_is_the_hook_of_3_5() -> None:
    app = flask.Flask("other")
    app.after_request(functions_framework.read_request)
    app.add_url_rule("/", "root", lambda: "text", methods=["POST"])
    upload = Upload(LARGE)
    assert _status(app, _environ(upload, is_sized=True))[:3] == "200"
    assert (upload.left, upload.largest_piece <= CHUNK) == (0, True)


# -- a body that breaks off ------------------------------------------------------------------------

SIGNATURES = [Signature.EVENT, Signature.CLOUDEVENT]
EVENT = b'{"specversion":"1.0","id":"1","source":"/s","type":"t","eventId":"1"}'


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("with_flask", [True, False])
def test_a_body_shorter_than_declared_never_reaches_a_function(
    with_flask: bool, signature: Signature
) -> None:
    function = Function(lambda *_: pytest.fail("called"), "hello", signature)
    host: Any = EventHost([function], ErrorHandlers([]))
    if with_flask:
        host = FunctionApp("main", Path("/nowhere"))
        host.serve([function], Registrations())
    upload = Upload(0)
    upload.read = lambda size=-1: EVENT if size < 0 else b""  # type: ignore[method-assign]
    environ = _environ(upload, is_sized=False)
    environ |= {"CONTENT_LENGTH": str(len(EVENT) + 1), "CONTENT_TYPE": "application/json"}
    reply = host.respond(environ)
    assert reply.status == 400
    assert b"broke off" in reply.body


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_client_that_leaves_never_has_half_an_event_taken(signature: Signature) -> None:
    function = Function(lambda *_: pytest.fail("called"), "hello", signature, is_asgi=True)
    host = ASGIHost([function], ErrorHandlers([]), Threads("function", 1))
    inbox = [
        {"type": "http.request", "body": EVENT, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Any:
        return inbox.pop(0)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    reply = asyncio.run(host.respond(scope, receive))
    assert (reply.status, b"broke off" in reply.body) == (400, True)  # type: ignore[operator]


def test_a_client_that_leaves_while_an_http_function_reads_is_not_a_crash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def read(request: Any) -> str:
        return str(len(await request.body()))

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    host = ASGIHost(
        [Function(read, "hello", is_async=True, is_asgi=True)],
        ErrorHandlers([]),
        Threads("function", 1),
    )
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    assert asyncio.run(host.respond(scope, receive)).status == 400
    assert caplog.records == []
