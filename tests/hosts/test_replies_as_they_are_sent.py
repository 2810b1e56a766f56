"""The gate on the way out, on hosts without a server: what is seen is what would be sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.hosts.gate import gated
from functions_framework.hosts.outgoing import checked, passed
from functions_framework.model.message import Easy, Reply
from functions_framework.signatures.results import encode
from functions_framework.testing import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Literal

ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/a", "SERVER_PROTOCOL": "HTTP/1.1"}
SCOPE = {"type": "http", "method": "GET", "path": "/a", "headers": []}


class Stream:
    """A stream of either kind that says whether it was closed."""

    is_closed = False

    def __iter__(self) -> Iterator[str]:
        return iter(["part"])

    def close(self) -> None:
        self.is_closed = True


class AsyncStream:
    is_closed = False

    async def __aiter__(self) -> AsyncIterator[str]:
        yield "part"

    async def aclose(self) -> None:
        self.is_closed = True


class SyncHost:
    is_async: Literal[False] = False

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    def respond(self, _environ: Any) -> Reply:
        return self._reply


class AsyncHost:
    is_async: Literal[True] = True

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def respond(self, _scope: Any, _receive: Any) -> Reply:
        return self._reply


def through_sync(reply: Reply, method: str = "GET") -> Reply:
    host: Any = gated(SyncHost(reply))
    answer: Reply = host.respond({**ENVIRON, "REQUEST_METHOD": method})
    return answer


def through_async(reply: Reply, method: str = "GET") -> Reply:
    host: Any = gated(AsyncHost(reply))
    answer: Reply = asyncio.run(host.respond({**SCOPE, "method": method}, None))
    return answer


@pytest.mark.parametrize("through", [through_sync, through_async])
def test_an_observer_sees_the_crash_that_is_sent(through: Callable[..., Reply]) -> None:
    answer = through(Reply(14, [], b""))
    assert answer.status == 500
    assert ("x-google-status", "crash") in answer.headers


@pytest.mark.parametrize("through", [through_sync, through_async])
@pytest.mark.parametrize(("status", "method"), [(204, "GET"), (200, "HEAD"), (14, "GET")])
def test_a_stream_that_is_not_sent_is_closed_by_who_sends_what_is(
    through: Callable[..., Reply], status: int, method: str
) -> None:
    stream = Stream() if through is through_sync else AsyncStream()
    body: Any = through(Reply(status, [], stream), method).body
    assert (isinstance(body, bytes), stream.is_closed) == (True, False)
    if through is through_sync:
        body.close()
    else:
        asyncio.run(body.aclose())
    assert stream.is_closed


def test_a_reply_passes_twice_as_once() -> None:
    headers = [("X-N", "caf\u00e9".encode().decode("latin-1")), ("Connection", "close")]
    once = passed(Reply(200, headers, b"x"), "GET", ENVIRON)
    assert once.headers == [("X-N", "caf\u00e9")]
    assert passed(once._replace(body=b"y"), "GET", ENVIRON) == (200, once.headers, b"y")


@pytest.mark.parametrize("pair", [["X-A", "1"], ("X-A", "1")])
def test_a_pair_may_be_a_list(pair: Any) -> None:
    assert [tuple(each) for each in passed(Reply(200, [pair], b""), "GET", ENVIRON).headers] == [
        ("X-A", "1")
    ]


@pytest.mark.parametrize(
    "headers",
    [
        [("X-A",)],
        [("X-A", "1", "2")],
        ["X-A"],
        [None],
        [(None, "1")],
        [("X-A", 1)],
        [("X-A", None)],
    ],
)
def test_headers_that_are_none_are_a_crash(headers: Any) -> None:
    assert passed(Reply(200, headers, b""), "GET", ENVIRON).status == 500


@pytest.mark.parametrize("status", [True, 200.5, "200", None, [200], 10**5000], ids=range(6))
def test_a_status_that_is_not_an_int_is_a_crash(status: Any) -> None:
    answer = passed(Reply(status, [], b""), "GET", ENVIRON)
    assert (answer.status, type(answer.status)) == (500, int)


def sync_function(request: Any) -> Any:
    return REPLIES[request.path[1:]]


async def async_function(request: Any) -> Any:
    return REPLIES[request.url.path[1:]]


REPLIES: dict[str, Any] = {
    "status": ("x", 14),
    "name": ("x", 200, {"X Y": "1"}),
    "value": ("x", 200, {"X-A": "caf\u00e9"}),
    "connection": ("x", 200, {"Connection": "close", "X-A": "1"}),
    "cookies": ("x", 200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
    "utf-8": ("x", 200, {"X-A": "caf\u00e9".encode().decode("latin-1")}),
}


@pytest.mark.parametrize("function", [sync_function, async_function])
def test_the_testing_client_shows_what_a_client_gets(function: Callable[..., Any]) -> None:
    with Client(function) as client:
        # Only the event loop's side of the engine sends other bytes than UTF-8.
        fails = ("status", "name", "value") if function is sync_function else ("status", "name")
        for path in fails:
            result = client.get(f"/{path}")
            assert (result.status, result.headers["x-google-status"]) == (500, "crash")
            assert result.exception is not None
        if function is async_function:
            assert client.get("/value").headers["x-a"] == "caf\u00e9"
        result = client.get("/connection")
        assert "connection" not in result.headers
        assert (result.headers["x-a"], result.headers["content-length"]) == ("1", "1")
        assert client.get("/cookies").headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert client.get("/utf-8").headers["x-a"].encode("latin-1") == "caf\u00e9".encode()
        assert client.head("/cookies").body == b""
        assert client.head("/cookies").headers["content-length"] == "1"


@pytest.mark.parametrize("value", ["x", b"x", {"a": 1}, [1]])
def test_a_reply_that_is_fit_to_be_sent_is_any_reply_once_it_is_changed(value: Any) -> None:
    reply = encode(value)
    assert type(reply) is Easy
    assert checked(Reply(*reply), "GET") == reply
    changed = reply._replace(headers=[("x y", "1")])
    assert type(changed) is Reply
    assert passed(changed, "GET", {"PATH_INFO": "/"}).status == 500
    assert encode((reply, 201)).status == 201
