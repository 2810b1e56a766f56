"""Events and typed functions beside Flask: the lean way and Flask's own give the same bytes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import flask
import pytest
from werkzeug.test import Client

from functions_framework.api.registrations import Registrations
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.model.function import Function, Signature

if TYPE_CHECKING:
    from collections.abc import Callable

CE = {"ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0"}
JSON = {"content-type": "application/json"}


@dataclasses.dataclass
class Point:
    x: int


class Sent(NamedTuple):
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never changed
    method: str = "POST"


REQUESTS = {
    "binary": Sent(b'{"x": 1}', CE | JSON),
    "structured": Sent(
        json.dumps({"id": "1", "source": "/s", "type": "t", "specversion": "1.0"}).encode(),
        {"content-type": "application/cloudevents+json"},
    ),
    "background": Sent(
        b'{"context": {"eventId": "1", "timestamp": "2026-01-02T03:04:05Z",'
        b' "eventType": "t", "resource": "r"}, "data": {"x": 1}}',
        JSON,
    ),
    "plain json": Sent(b'{"x": 1}', JSON),
    "broken json": Sent(b"{", CE | JSON),
    "batch": Sent(b"[]", {"content-type": "application/cloudevents-batch+json"}),
    "empty": Sent(),
    "get": Sent(method="GET"),
    "head": Sent(method="HEAD"),
    "made up": Sent(b'{"x": 1}', JSON, "FOO"),
}


def _raise(error: BaseException) -> Callable[..., Any]:
    return lambda *_: _throw(error)


def _throw(error: BaseException) -> Any:
    raise error


RETURNED: dict[str, Callable[..., Any]] = {
    "None": lambda *_: None,
    "text": lambda *_: "text",
    "dict": lambda *_: {"b": 1, "a": 2},
    "dataclass": lambda *_: Point(3),
    "dataclass, status": lambda *_: (Point(3), 201),
    "dataclass, status, headers": lambda *_: (Point(3), 202, {"X-A": "1"}),
    "dataclass, no content": lambda *_: (Point(3), 204),
    "dataclass, type": lambda *_: (Point(3), 200, {"Content-Type": "application/problem+json"}),
    "dataclass, location": lambda *_: (Point(3), 201, {"Location": "/there"}),
    "dataclass, length": lambda *_: (Point(3), 200, {"Content-Length": "7"}),
    "response": lambda *_: flask.Response("r", 299),
    "generator": lambda *_: (part for part in ["a", b"b"]),
    "crash": _raise(ValueError("secret")),
    "exit": _raise(SystemExit(3)),
}
SIGNATURES = [Signature.CLOUDEVENT, Signature.EVENT, Signature.TYPED]


def _function(name: str, signature: Signature) -> Function:
    input_type = dict if signature is Signature.TYPED else None
    return Function(RETURNED[name], "hello", signature, input_type=input_type)


def _observe(
    name: str, signature: Signature, sent: Sent, *, is_lean: bool
) -> tuple[int, list[tuple[str, str]], bytes]:
    app = FunctionApp("main", Path("/nowhere"))
    app.serve([_function(name, signature)], Registrations())
    if not is_lean:
        app._is_lean = False
    with Client(app).open("/", method=sent.method, data=sent.body, headers=sent.headers) as answer:
        return answer.status_code, list(answer.headers), answer.get_data()


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("name", RETURNED)
@pytest.mark.parametrize("signature", SIGNATURES, ids=str)
def test_both_ways_answer_alike(kind: str, name: str, signature: Signature) -> None:
    sent = REQUESTS[kind]
    lean_answer = _observe(name, signature, sent, is_lean=True)
    full_answer = _observe(name, signature, sent, is_lean=False)
    assert lean_answer == full_answer
    assert b"secret" not in lean_answer[2]


@pytest.mark.parametrize("signature", SIGNATURES, ids=str)
def test_what_a_server_does_to_a_replys_headers_stays_with_it(signature: Signature) -> None:
    """PEP 3333: the list is the server's, to change in any way it desires."""
    function = _function("None", signature)
    app = FunctionApp("main", Path("/nowhere"))
    app.serve([function], Registrations())
    seen: list[list[tuple[str, str]]] = []

    def adding(environ: dict[str, Any], start_response: Any) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            headers.append(("X-Seen", "1"))
            seen.append(headers)
            return start_response(status, headers, *rest)

        return app(environ, start)

    for kind in ("binary", "binary", "get", "get"):
        sent = REQUESTS[kind]
        Client(adding).open("/", method=sent.method, data=sent.body, headers=sent.headers).close()
    assert [headers.count(("X-Seen", "1")) for headers in seen] == [1, 1, 1, 1]
