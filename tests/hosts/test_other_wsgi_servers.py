"""Applications of `create_app` behind WSGI servers that read on past the end of a body."""

from __future__ import annotations

import json
import textwrap
import threading
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler
from wsgiref.simple_server import make_server as wsgiref_server

import flask
import pytest
from werkzeug.serving import make_server as werkzeug_server

import functions_framework
from support.served_source import EVENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOURCE = """
    import json
    import flask, werkzeug
    import functions_framework

    other = flask.Flask("other")
    other.add_url_rule("/", "echo", lambda: flask.request.get_json(), methods=["POST"])

    @functions_framework.http
    def reads(request):
        return request.get_json()

    @functions_framework.http
    def reads_lines(request):
        return json.loads(b"".join(request.stream))

    @functions_framework.http
    def reads_the_servers(request):
        return json.loads(request.environ["wsgi.input"].readline())

    @functions_framework.http
    def asks_another(request):
        return werkzeug.Response.from_app(other, request.environ)

    @functions_framework.http
    def reads_nothing(request):
        return {"a": 1}

    @functions_framework.http
    def fails(request):
        request.get_data()
        raise ValueError

    @functions_framework.typed
    def typed(value: dict) -> dict:
        return value

    @functions_framework.cloud_event
    def event(event):
        assert event.data == {"a": 1}

    @functions_framework.http(cors="*")
    def from_browsers(request):
        return request.get_json()
"""
BODY = json.dumps({"a": 1})
EXPECTED = {"fails": 500}
TARGETS = [
    "reads", "reads_lines", "reads_the_servers", "asks_another", "reads_nothing", "fails", "typed",
    "event", "from_browsers",
]  # fmt: skip


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


SERVERS: dict[str, Callable[[Any], Any]] = {
    "wsgiref": lambda app: wsgiref_server("127.0.0.1", 0, app, handler_class=_Quiet),
    "flask run": lambda app: werkzeug_server("127.0.0.1", 0, app),
}


@contextmanager
def _listening(name: str, app: Any) -> Iterator[int]:
    server = SERVERS[name](app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _post(port: int) -> tuple[int, bytes]:
    # The client waits for the response with its side open, as all do.
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Content-Type": "application/json", "Origin": "http://site", **EVENT}
    with closing(connection):
        connection.request("POST", "/", BODY, headers)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("full", [False, True], ids=["lean", "full"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_body_that_was_read_is_not_waited_for(
    target: str, full: bool, server: str, tmp_path: Path
) -> None:
    source = tmp_path / "main.py"
    source.write_text(textwrap.dedent(SOURCE), encoding="utf-8")
    app = functions_framework.create_app(target, source)
    if full:
        app.before_request(lambda: None)
    with _listening(server, app) as port:
        status, body = _post(port)
    assert status == EXPECTED.get(target, 200)
    if status == 200 and target != "event":
        assert json.loads(body) == {"a": 1}


@pytest.mark.parametrize("server", SERVERS)
def test_nor_by_the_hook_of_3_5(server: str) -> None:
    app = flask.Flask("other")
    app.after_request(functions_framework.read_request)
    app.add_url_rule("/", "root", (lambda: flask.request.get_json(force=True)), methods=["POST"])
    with _listening(server, app) as port:
        assert _post(port)[0] == 200
