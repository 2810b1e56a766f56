"""What the request of an async function finds with less work is what Starlette's own finds."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request

from functions_framework.hosts.asgi.request import (
    NotJSON,
    WholeRequest,
    lean_request,
    request_maker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

QUERIES = (
    b"", b"a=1", b"a=1&b=2", b"a=1&a=2&b=", b"a", b"=1", b"a==1", b"&", b"&&a=1&", b"a=1;b=2",
    b"a=%20", b"a=1+2", b"%61=1", b"a=%ff", b"a=b=c&d", b"a[]=1&a[]=2", b"a=\xff", b"\xc3\xa4=1",
)  # fmt: skip
TEXTS = (
    b"", b"{}", b'{"a": [1, 2.5, null, "\\u00e4"]}', b" [1] ", b"[1,]", b"NaN", b"1e999", b"'a'",
    b'"\\ud800"', b"\xef\xbb\xbf{}", '{"ä": 1}'.encode("utf-16"), b"\xff", b'{"a":1,"a":2}',
    b"1" * 5000, b"[" * 3000, b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000,
)  # fmt: skip
BODIES: dict[str, list[dict[str, Any]]] = {
    "whole": [{"type": "http.request", "body": b"abc", "more_body": False}],
    "without its end": [{"type": "http.request", "body": b"abc"}],
    "none": [{"type": "http.request"}],
    "in parts": [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.request", "body": b"", "more_body": True},
        {"type": "something.else"},
        {"type": "http.request", "body": b"c"},
    ],
    "broken off": [
        {"type": "http.request", "body": b"ab", "more_body": True},
        {"type": "http.disconnect"},
    ],
    "gone": [{"type": "http.disconnect"}],
}


def outcome(of: Callable[[], Any]) -> Any:
    """What comes of something, an exception as its type and text."""
    try:
        return of()
    except Exception as error:  # noqa: BLE001 - compared
        return type(error), str(error)


def both(
    use: Callable[[Request], Coroutine[Any, Any, Any]],
    messages: list[dict[str, Any]] | None = None,
    query: bytes = b"",
    make_ours: Any = lean_request,
) -> list[Any]:
    """What is found in our request and in Starlette's, each with a body of its own."""

    def found(make: Any) -> Any:
        coming = iter(messages or [])

        async def receive() -> Any:
            return next(coming, {"type": "http.disconnect"})

        scope = {"type": "http", "headers": [], "path": "/", "query_string": query}
        request = make(scope, receive)
        result = outcome(lambda: asyncio.run(use(request)))
        left = {name: value for name, value in vars(request).items() if name != "_receive"}
        left["_query_params"] = repr(left.get("_query_params"))
        return result, left

    return [found(make_ours), found(Request)]


def test_it_is_made_as_the_constructors_make_it() -> None:
    async def receive() -> Any:
        """Never called."""

    scope = {"type": "http", "headers": [], "path": "/"}
    ours, starlettes = lean_request(scope, receive), Request(scope, receive)
    assert isinstance(ours, Request)
    assert repr(type(ours)).endswith("Request'>")
    assert vars(ours) == vars(starlettes)
    # When Starlette adds a field, requests are made by its constructor: right, and slower.
    assert request_maker() is lean_request


@pytest.mark.parametrize("query", QUERIES)
def test_the_query_is_starlettes(query: bytes) -> None:
    async def read(request: Request) -> Any:
        found = request.query_params
        assert request.query_params is found
        return type(found), found.multi_items(), dict(found), str(found), repr(found)

    ours, starlettes = both(read, query=query)
    assert ours == starlettes


@pytest.mark.parametrize("messages", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("asked", ["once", "twice", "after its stream", "before its stream"])
def test_the_body_is_starlettes(messages: list[dict[str, Any]], asked: str) -> None:
    async def read(request: Request) -> Any:
        before = []
        if asked == "after its stream":
            before = [part async for part in request.stream()]
        elif asked == "twice":
            before = [await request.body()]
        body = await request.body()
        after = [part async for part in request.stream()] if asked == "before its stream" else []
        return before, body, after

    ours, starlettes = both(read, messages)
    assert ours == starlettes


def told(error: Exception) -> BaseException:
    """What Starlette's raised where ours was read, having looked at what that made of it."""
    if not isinstance(error, NotJSON):
        return error
    cause = error.__cause__
    assert cause is not None
    assert str(error).startswith(str(cause)) or "deep" in error.detail
    assert (error.status_code, error.detail[:21]) == (400, "The body is not JSON:")
    return cause


@pytest.mark.parametrize("make", [lean_request, WholeRequest])
@pytest.mark.parametrize("text", TEXTS)
def test_json_is_starlettes_and_what_is_none_a_fault_with_a_status(text: bytes, make: Any) -> None:
    async def read(request: Request) -> Any:
        try:
            found = await request.json()
        except (json.JSONDecodeError, HTTPException) as error:
            raise told(error) from None
        assert await request.json() is found
        return repr(found), json.dumps(found)

    ours, starlettes = both(read, [{"type": "http.request", "body": text}], make_ours=make)
    if starlettes[0][0] is RecursionError:
        starlettes = (ours[0], starlettes[1])
    assert ours == starlettes


def test_a_client_that_left_is_told_of_as_starlette_does() -> None:
    async def read(request: Request) -> Any:
        with pytest.raises(ClientDisconnect):
            await request.body()
        return await request.is_disconnected()

    ours, starlettes = both(read, BODIES["broken off"])
    assert ours == starlettes
    assert ours[0] is True


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (Request, "__init__"), (Request, "stream"), (Request, "body"), (Request, "json"),
        (HTTPConnection, "__init__"), (HTTPConnection, "query_params"),
    ],
)  # fmt: skip
def test_what_somebody_replaced_is_used(
    owner: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seen(self: Any, *given: Any) -> Any:
        """An agent's."""

    monkeypatch.setattr(owner, name, property(seen) if name == "query_params" else seen)
    assert request_maker() is WholeRequest
