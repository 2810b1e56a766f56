"""Cross-origin rules made before there is a request, and what they add to a reply."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework import CORS
from functions_framework.hosts.cors import Rules, with_headers
from functions_framework.hosts.outgoing import checked, passed
from functions_framework.hosts.routes import Routes
from functions_framework.hosts.wsgi.cors import CORSApp
from functions_framework.model.message import HTML, Reply
from functions_framework.signatures.results import encode

pytestmark = pytest.mark.once

A, B = "https://a.example", "https://b.example"

RULES = [
    CORS(),
    CORS(credentials=True),
    CORS(expose=["x-count", "x-page"]),
    CORS([A, B], credentials=True, expose=["x-count"]),
    CORS([A, "https://*.b.example"]),
    CORS([A, "http://localhost:*"], credentials=True),
    CORS(A, expose="x-count, x-page"),
]


@pytest.mark.parametrize("cors", RULES)
@pytest.mark.parametrize(
    "origin", [None, "", A, B, "null", "https://c.b.example", "https://*.b.example"]
)
def test_what_is_made_before_a_request_is_what_would_be_made_for_it(
    cors: CORS, origin: str | None
) -> None:
    rules = CORS.of(cors)
    assert rules
    made = Rules(rules)
    known = dict(made.added)
    assert made.added[origin] == rules.headers_for(origin)
    assert dict(made.added) == known, "an origin that a request names is not kept"


@pytest.mark.parametrize("cors", RULES)
@pytest.mark.parametrize(
    "headers",
    [
        [],
        [HTML],
        [("Content-Type", HTML[1]), ("x-google-status", "crash")],
        [["content-type", HTML[1]]],
        (HTML,),
        [("Vary", "Accept"), HTML],
        [("Access-Control-Allow-Origin", "x")],
        [("access-control-expose-headers", "x"), ("vary", "Origin")],
    ],
)
def test_a_reply_gets_the_headers_it_lacks(cors: CORS, headers: Any) -> None:
    rules = CORS.of(cors)
    assert rules
    added = Rules(rules).added[A]
    names = [name.lower() for name, _ in headers]
    missing = [pair for pair in added if pair[0] == "vary" or pair[0] not in names]
    reply = with_headers(Reply(201, headers, b"x"), added)
    assert reply == Reply(201, [*headers, *missing], b"x")


@pytest.mark.parametrize("cors", RULES)
@pytest.mark.parametrize("origin", [None, "", A, B, "null", "caf\xe9", "\x7f"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("reply", [Reply(200, [HTML], b"x"), encode("x"), encode({"a": 1})])
def test_the_gate_does_with_added_headers_as_with_any(
    cors: CORS, origin: str | None, method: str, reply: Reply
) -> None:
    rules = CORS.of(cors)
    assert rules
    given = with_headers(reply, Rules(rules).added[origin])
    assert passed(given, method, {"PATH_INFO": "/"}) == checked(Reply(*given), method)


def _through(app: Any, **more: str) -> tuple[list[Any], bytes]:
    """What an application answers by PEP 3333, with rules around it."""
    sent: list[Any] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_ORIGIN": A, **more}

    def start(*head: Any) -> Any:
        sent.append(head)

    rules = CORS.of(A)
    assert rules
    parts = CORSApp(app, Routes([("/", Rules(rules))]))(environ, start)
    return sent, b"".join(parts)


def _begins_twice(_: Any, start_response: Any) -> Any:
    start_response("200 Fine", [("a", "1")])
    start_response("500 Broken", [("b", "1")], ("error",))
    return [b"body"]


def test_a_wsgi_application_gets_its_heads_changed_and_no_preflights() -> None:
    added = [("access-control-allow-origin", A), ("vary", "Origin")]
    begun = [("200 Fine", [("a", "1"), *added]), ("500 Broken", [("b", "1"), *added], ("error",))]
    assert _through(_begins_twice) == (begun, b"body")
    asked = {"REQUEST_METHOD": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
    ((status, headers),), body = _through(_begins_twice, **asked)
    assert (status, headers[:2], body) == ("204 No Content", added, b"")
