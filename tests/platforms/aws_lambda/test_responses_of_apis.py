"""Responses as AWS's services take them from Lambda, from functions of both kinds."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.responses import Response

from support.lambda_calls import HTTP, Context, assert_valid, request, sandbox_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from functions_framework.platforms.aws_lambda.sandbox import Sandbox

pytestmark = pytest.mark.once

PNG = b"\x89PNG\r\n\x1a\n\x00"
ZIPPED = gzip.compress(b'{"a": 1}', mtime=0)

# Path, body, headers, and whether it goes as text.
BODIES: dict[str, tuple[bytes, dict[str, str], bool]] = {
    "/text": (b"plain", {"content-type": "text/plain"}, True),
    "/utf-8": ("žluť".encode(), {"content-type": "text/html; charset=utf-8"}, True),
    "/latin-1": (b"caf\xe9", {"content-type": "text/plain; charset=latin-1"}, False),
    "/json": (b'{"a": 1}', {"content-type": "application/json"}, True),
    "/problem": (b"{}", {"content-type": "application/problem+json"}, True),
    "/svg": (b"<svg/>", {"content-type": "image/svg+xml"}, True),
    "/javascript": (b"x=1", {"content-type": "text/javascript"}, True),
    "/form": (b"a=1", {"content-type": "application/x-www-form-urlencoded"}, True),
    "/png": (PNG, {"content-type": "image/png"}, False),
    "/ascii-bytes": (b"abc", {"content-type": "application/octet-stream"}, False),
    "/zip": (ZIPPED, {"content-type": "application/json", "content-encoding": "gzip"}, False),
    "/encoded": (b"abc", {"content-type": "text/plain", "content-encoding": "x-own"}, False),
    "/identity": (
        b"{}",
        {"content-type": "application/json", "content-encoding": "identity"},
        True,
    ),
    "/openapi": (b"a: 1", {"content-type": "application/vnd.oai.openapi;version=3.0"}, True),
    "/geo": (b"{}", {"content-type": "application/geo+json"}, True),
    "/charset": (b"a", {"content-type": "application/x-own; charset=utf-8"}, True),
    "/font": (b"wOF2\x00\xff", {"content-type": "font/woff2"}, False),
    "/no-type": (b"abc", {"content-type": ""}, True),
    "/no-type-bytes": (PNG, {"content-type": ""}, False),
    "/cloud-event": (b"{}", {"content-type": "application/cloudevents+json"}, True),
}


def _made(path: str, make: Callable[..., Any]) -> Any:
    response: Any
    if path in BODIES:
        body, headers, _ = BODIES[path]
        response = make(body, headers=headers)
        if not headers["content-type"]:
            del response.headers["content-type"]
        return response
    response = make(b"x", 201)
    if path == "/cookies":
        response.set_cookie("a", "1")
        response.set_cookie("b", "2; Path=/")
    if path == "/many":
        add = getattr(response.headers, "add", None) or response.headers.append
        add("X-Many", "one")
        add("X-Many", "two")
    return response


def plain(request: flask.Request) -> Any:
    if request.path == "/empty":
        return "", 204
    if request.path == "/crash":
        raise ValueError("not to be seen")
    return _made(request.path, flask.Response)


async def waiting(request: Any) -> Any:
    path = request.url.path
    if path == "/empty":
        return "", 204
    if path == "/crash":
        raise ValueError("not to be seen")
    return _made(path, Response)


FUNCTIONS = {"sync": plain, "async": waiting}


@pytest.fixture(params=FUNCTIONS, scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made = sandbox_of(FUNCTIONS[request.param])
    yield made
    made.calls.stop()


def reply_to(sandbox: Sandbox, name: str, path: str, method: str = "GET") -> dict[str, Any]:
    reply: dict[str, Any] = sandbox(request(name, method, path), Context())
    assert_valid(reply, name)
    return reply


def fields(reply: dict[str, Any]) -> dict[str, str]:
    several = reply.get("multiValueHeaders", {})
    return {**reply.get("headers", {}), **{name: ", ".join(of) for name, of in several.items()}}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("name", HTTP)
def test_bodies_are_text_or_base64(name: str, path: str, sandbox: Sandbox) -> None:
    body, headers, is_text = BODIES[path]
    reply = reply_to(sandbox, name, path)
    assert reply["isBase64Encoded"] is not is_text
    sent = reply["body"].encode() if is_text else base64.b64decode(reply["body"])
    assert sent == body
    assert {name: value for name, value in headers.items() if value}.items() <= (
        fields(reply).items()
    )
    assert "content-length" not in fields(reply)


@pytest.mark.parametrize("name", HTTP)
def test_cookies_stay_apart(name: str, sandbox: Sandbox) -> None:
    reply = reply_to(sandbox, name, "/cookies")
    if name in {"http_api_2", "function_url"}:
        cookies = reply["cookies"]
        assert "set-cookie" not in reply["headers"]
    elif name == "alb":
        cookies = [of for field, of in reply["headers"].items() if field.lower() == "set-cookie"]
    else:
        cookies = reply["multiValueHeaders"]["set-cookie"]
    assert [cookie.partition(";")[0] for cookie in cookies] == ["a=1", 'b="2\\073 Path=/"']
    assert reply["statusCode"] == 201


@pytest.mark.parametrize("name", HTTP)
def test_repeated_headers(name: str, sandbox: Sandbox) -> None:
    reply = reply_to(sandbox, name, "/many")
    if name in {"http_api_1", "rest_api", "alb_multi_value"}:
        assert reply["multiValueHeaders"]["x-many"] == ["one", "two"]
        assert "x-many" not in reply.get("headers", {})
    else:
        assert reply["headers"]["x-many"] == "one, two"


@pytest.mark.parametrize("name", HTTP)
def test_a_response_without_content(name: str, sandbox: Sandbox) -> None:
    reply = reply_to(sandbox, name, "/empty")
    assert (reply["statusCode"], reply["body"], reply["isBase64Encoded"]) == (204, "", False)


@pytest.mark.parametrize("name", HTTP)
def test_a_crash_is_a_500_that_tells_nothing(name: str, sandbox: Sandbox) -> None:
    reply = reply_to(sandbox, name, "/crash")
    assert reply["statusCode"] == 500
    assert "not to be seen" not in json.dumps(reply)


def test_a_head_request_has_no_body(sandbox: Sandbox) -> None:
    reply = reply_to(sandbox, "http_api_2", "/json", "HEAD")
    assert (reply["statusCode"], reply["body"]) == (200, "")


def _parts(path: str) -> Iterator[str]:
    yield "one "
    if path == "/broken":
        raise ValueError("half of it")
    yield "two"


def streaming(request: flask.Request) -> Any:
    return _parts(request.path)


async def streaming_async(request: Any) -> Any:
    async def parts() -> AsyncIterator[str]:
        for part in _parts(request.url.path):
            yield part

    return parts()


@pytest.mark.parametrize("function", [streaming, streaming_async])
def test_a_stream_is_sent_as_a_whole_or_not_at_all(function: Any) -> None:
    sandbox = sandbox_of(function)
    assert reply_to(sandbox, "http_api_2", "/")["body"] == "one two"
    broken = reply_to(sandbox, "http_api_2", "/broken")
    assert broken["statusCode"] == 500
    assert "one" not in broken["body"]
    sandbox.calls.stop()


@pytest.mark.parametrize(("name", "size"), [("http_api_2", 7_000_000), ("alb", 1_100_000)])
def test_a_response_that_lambda_would_not_take_is_told(
    name: str, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    def large(_request: flask.Request) -> str:
        return "x" * size

    reply = reply_to(sandbox_of(large), name, "/report")
    assert reply["statusCode"] == 500
    assert "/report: the response takes" in caplog.text


def test_a_large_response_that_lambda_takes_is_sent() -> None:
    def large(_request: flask.Request) -> str:
        return "x" * 5_000_000

    assert len(reply_to(sandbox_of(large), "http_api_2", "/")["body"]) == 5_000_000
