"""Which requests reach a background function, and with what, over every host."""

from __future__ import annotations

from typing import Any

import pytest

from support.background_calls import JSON, Call, ce, every_host, send

HTML = "text/html; charset=utf-8"


# -- 4.1 routes ----------------------------------------------------------------------------------


@every_host
@pytest.mark.parametrize("path", ["/", "/a/b", "/robots.txt", "/favicon.ico", "/static/x"])
def test_post_reaches_the_function_on_every_path(path: str, host: str) -> None:
    answer, call = send(host, {"eventId": "E", "data": 1}, target=path)
    assert (answer.status, answer.body, answer.type) == (200, b"OK", HTML)
    assert call == Call(1, "E", "", "", "")


ROUTES = {
    "GET /": ("GET", "/", 200, None),
    "HEAD /": ("HEAD", "/", 200, None),
    "GET /?a=b": ("GET", "/?a=b", 200, None),
    "OPTIONS /": ("OPTIONS", "/", 405, "GET, HEAD, POST"),
    "PUT /": ("PUT", "/", 405, "GET, HEAD, POST"),
    "DELETE /": ("DELETE", "/", 405, "GET, HEAD, POST"),
    "FOO /": ("FOO", "/", 405, "GET, HEAD, POST"),
    "GET /a": ("GET", "/a", 405, "POST"),
    "HEAD /a": ("HEAD", "/a", 405, "POST"),
    "PATCH /a": ("PATCH", "/a", 405, "POST"),
    "GET /robots.txt": ("GET", "/robots.txt", 405, "POST"),
    "GET /favicon.ico": ("GET", "/favicon.ico", 405, "POST"),
    "GET /static/x": ("GET", "/static/x", 405, "POST"),
}


@every_host
@pytest.mark.parametrize("name", ROUTES)
def test_other_methods_do_not_call_the_function(name: str, host: str) -> None:
    method, target, status, allow = ROUTES[name]
    answer, call = send(host, b"", {}, target, method)
    assert call is None
    assert answer.status == status
    if status == 200:
        assert answer.body == b""
    else:
        found = answer.headers["allow"].split(", ")
        assert sorted(found) == sorted((allow or "").split(", "))


# -- 4.2, 4.3, 4.5 payloads ----------------------------------------------------------------------

NESTED = {"eventId": "e", "timestamp": "t", "eventType": "et", "resource": "r"}
DICT_RESOURCE = {"service": "s", "name": "n", "type": "y"}
PAYLOADS: dict[str, tuple[Any, Call]] = {
    "nested": ({"context": NESTED, "data": {"a": 1}}, Call({"a": 1}, "e", "t", "et", "r")),
    "flat": ({**NESTED, "data": {"a": 1}, "params": {}}, Call({"a": 1}, "e", "t", "et", "r")),
    "id only": ({"context": {"eventId": "e"}, "data": 1}, Call(1, "e", "", "", "")),
    "context null": ({"context": None, "eventId": "e", "data": 1}, Call(1, "e", "", "", "")),
    "no data": ({"eventId": "e"}, Call("", "e", "", "", "")),
    "data null": ({"eventId": "e", "data": None}, Call(None, "e", "", "", "")),
    "other keys": (
        {**NESTED, "data": 1, "auth": {}, "domain": "d", "notSupported": {}},
        Call(1, "e", "t", "et", "r"),
    ),
    "resource object": (
        {"context": {**NESTED, "resource": DICT_RESOURCE}, "data": 1},
        Call(1, "e", "t", "et", DICT_RESOURCE),
    ),
    "unknown context key": (
        {"context": {**NESTED, "foo": 1}, "data": 1},
        Call(1, "e", "t", "et", "r"),
    ),
    "snake case": ({"context": {"event_id": "e"}, "data": 1}, Call(1, "", "", "", "")),
    "key self": ({**NESTED, "self": 1, "data": 1}, Call(1, "e", "t", "et", "r")),
}


@every_host
@pytest.mark.parametrize("name", PAYLOADS)
@pytest.mark.parametrize("content_type", ["application/json", "application/vnd.x+json; a=b"])
def test_json_payloads(name: str, content_type: str, host: str) -> None:
    payload, expected = PAYLOADS[name]
    answer, call = send(host, payload, {"Content-Type": content_type})
    assert (answer.status, answer.body) == (200, b"OK")
    assert call == expected


REFUSED: dict[str, tuple[Any, dict[str, str], int]] = {
    "{}": ({}, JSON, 400),
    "null": (None, JSON, 400),
    "[]": ([], JSON, 400),
    "empty": (b"", JSON, 400),
    "malformed": (b"{secret", JSON, 400),
    "not UTF-8": (b'{"eventId":"\xff"}', JSON, 400),
    "[1]": ([1], JSON, 400),
    "string": ("secret", JSON, 400),
    "number": (5, JSON, 400),
    "false": (False, JSON, 400),
    "context is a string": ({"context": "secret"}, JSON, 400),
    "no Content-Type": ({"eventId": "e"}, {}, 415),
    "text": ({"eventId": "e"}, {"Content-Type": "text/plain"}, 415),
    "push, message null": ({"subscription": "s", "message": None}, JSON, 400),
    "push, message text": ({"subscription": "s", "message": "secret"}, JSON, 400),
    "batch, no list": ({}, {"Content-Type": "application/cloudevents-batch+json"}, 400),
    "batch, another format": ([], {"Content-Type": "application/cloudevents-batch+avro"}, 415),
    "empty id": ({}, ce("google.cloud.storage.object.v1.finalized", id=""), 400),
    "subject not UTF-8": ({}, ce(subject="%C0%A0"), 400),
}


@every_host
@pytest.mark.parametrize("name", REFUSED)
def test_faults_of_the_sender_are_one_line_without_the_body(name: str, host: str) -> None:
    body, headers, status = REFUSED[name]
    answer, call = send(host, body, {**headers, "Authorization": "secret"})
    assert call is None
    assert answer.status == status
    assert answer.type == "text/plain; charset=utf-8"
    assert answer.body.count(b"\n") == 1
    assert b"secret" not in answer.body
    assert "x-google-status" not in answer.headers
