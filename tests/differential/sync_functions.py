"""What sync servers are asked for: one function of a Flask request, at `main.py` and for Flask."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import flask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _echo(request: flask.Request) -> Any:
    seen = {
        "method": request.method,
        "path": request.path,
        "args": [list(pair) for pair in request.args.items(multi=True)],
        "body": request.get_data().decode("latin-1"),
        "cookies": dict(request.cookies),
        "x": request.headers.get("X-Seen"),
        "agent": request.user_agent.string,
        "host": request.host,
        "type": request.content_type,
        "form": dict(request.form),
    }
    return flask.jsonify(seen)


def _parts(*parts: Any) -> Callable[[flask.Request], Any]:
    def answer(_: flask.Request) -> Any:
        return flask.Response(iter(parts), content_type="text/plain")

    return answer


def _broken(_: flask.Request) -> Any:
    def parts() -> Iterator[bytes]:
        yield b"first"
        raise ValueError("broken on purpose")

    return flask.Response(parts(), content_type="text/plain")


def _cookies(_: flask.Request) -> Any:
    response = flask.make_response("x")
    response.set_cookie("a", "1", path="/")
    response.set_cookie("b", "2", httponly=True)
    return response


def _raise(_: flask.Request) -> Any:
    raise ValueError("secret")


def _abort(request: flask.Request) -> Any:
    flask.abort(int(request.args.get("status", "404")))


def _status(request: flask.Request) -> Any:
    return "body", int(request.args.get("status", "200"))


FUNCTIONS: dict[str, Callable[[flask.Request], Any]] = {
    "text": lambda _: "Hello world!",
    "bytes": lambda _: b"\x00\xff",
    "empty": lambda _: "",
    "json": lambda _: {"b": 1, "a": ["é", None]},
    "created": lambda _: ("x", 201, {"X-A": "1", "Location": "/there"}),
    "twice": lambda _: ("x", 200, [("X-A", "1"), ("X-A", "2")]),
    "typed": lambda _: ("{}", {"Content-Type": "application/problem+json"}),
    "redirect": lambda _: flask.redirect("/text"),
    "file": lambda _: flask.send_file(io.BytesIO(b"0123456789"), mimetype="text/plain"),
    "large": lambda _: "x" * 1_000_000,
    "stream": _parts("a", b"b", "c"),
    "stream-with-empty-parts": _parts("", "a", b"", "b", ""),
    "stream-of-nothing": _parts(),
    "broken": _broken,
    "cookies": _cookies,
    "raise": _raise,
    "abort": _abort,
    "status": _status,
    "echo": _echo,
    "unread": lambda _: "not read",
}


def answer(request: flask.Request) -> Any:
    """The response of the function that the first step of the path names."""
    return FUNCTIONS[request.path.split("/")[1]](request)


def application() -> flask.Flask:
    """The reference: a Flask application of its own, every path and method to `answer`."""
    app = flask.Flask("reference", static_folder=None)
    app.before_request(lambda: answer(flask.request))
    return app
