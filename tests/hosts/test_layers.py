"""Layers around hosts: one generator does the same around a sync host and an async one."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.hosts.layered import layered
from functions_framework.hosts.layers import Blocking, Watch
from functions_framework.model.message import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head, Steps

PLAIN = Reply(200, [("a", "b")], b"plain")
ENVIRON = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/caf\xc3\xa9",
    "QUERY_STRING": "q=1",
    "CONTENT_TYPE": "text/plain",
    "HTTP_X_NAME": "value",
    "REMOTE_ADDR": "192.0.2.1",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "wsgi.url_scheme": "https",
}
SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/café",
    "query_string": b"q=1",
    "headers": [(b"content-type", b"text/plain"), (b"x-name", b"value")],
    "client": ("192.0.2.1", 80),
    "scheme": "https",
    "http_version": "1.1",
}


class OfFunction:
    """A layer made of its generator."""

    def __init__(self, around: Callable[[Head], Steps]) -> None:
        self.around = around


class Side:
    """One side, on which a host answers through a layer."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async
        self.asked: list[Any] = []

    def through(self, around: Callable[[Head], Steps], answer: Any = PLAIN) -> Any:
        """What comes of a request; a list of parts is a stream, which is read to its end."""
        return asyncio.run(self._through(around, answer))

    async def _through(self, around: Callable[[Head], Steps], answer: Any) -> Any:
        host: Any = layered(self._host(answer), OfFunction(around))
        if host.is_async:
            return await host.respond(dict(SCOPE), self._receive)
        return host.respond({**ENVIRON, "wsgi.input": self})

    def _host(self, answer: Any) -> Any:
        side = self

        class Host:
            is_async = side.is_async

            def respond(self, *request: Any) -> Any:
                side.asked.append(request)
                if isinstance(answer, BaseException):
                    raise answer
                return side.answered(answer) if side.is_async else answer

        return Host()

    async def answered(self, answer: Any) -> Any:
        return answer

    async def _receive(self) -> Any:
        raise AssertionError

    def stream(self, *parts: Any) -> Any:
        """A body of parts; an exception among them is raised."""

        def given() -> Any:
            for part in parts:
                if isinstance(part, BaseException):
                    raise part
                yield part

        async def given_on_loop() -> Any:
            for part in given():
                yield part

        return given_on_loop() if self.is_async else given()

    def read(self, body: Any, most: int = 9) -> list[Any]:
        """Up to so many parts of a body, which is closed then."""

        async def parts() -> list[Any]:
            found: list[Any] = []
            try:
                if self.is_async:
                    async for part in body:
                        found.append(part)
                        if len(found) == most:
                            break
                else:
                    for part in body:
                        found.append(part)
                        if len(found) == most:
                            break
            except ValueError as error:
                found.append(str(error))
            if self.is_async:
                await body.aclose()
            else:
                body.close()
            return found

        return asyncio.run(parts())


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def side(request: pytest.FixtureRequest) -> Side:
    return Side(is_async=request.param)


def test_the_head_is_the_same_on_both_sides(side: Side) -> None:
    seen: list[Any] = []

    def around(head: Head) -> Steps:
        seen.extend((head.method, head.path, head.query, head.scheme, head.version, head.client))
        seen.extend((head.header("x-name"), head.header("x-none"), dict(head.headers)))
        seen.extend((head.header("content-type"), head.header("content-length")))
        seen.append(sorted(head.pairs))
        return (yield None)  # type: ignore[no-any-return]

    assert side.through(around) is PLAIN
    headers = {"content-type": "text/plain", "x-name": "value"}
    assert seen == [
        *("GET", "/café", "q=1", "https", "1.1", "192.0.2.1", "value", None),
        headers,
        *("text/plain", None),
        sorted(headers.items()),
    ]


def test_one_that_never_yields_answers_itself(side: Side) -> None:
    def around(head: Head) -> Steps:
        if head.method == "GET":
            return Reply(204, [], b"")
        return (yield None)  # type: ignore[no-any-return]

    assert side.through(around).status == 204
    assert not side.asked


def test_the_reply_can_be_changed(side: Side) -> None:
    def around(head: Head) -> Steps:
        reply: Reply = yield None
        return reply._replace(status=418)

    assert side.through(around) == PLAIN._replace(status=418)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), asyncio.CancelledError()])
def test_what_ends_the_answering_is_raised_where_it_yields(
    side: Side, error: BaseException
) -> None:
    seen = []

    def noting(head: Head) -> Steps:
        try:
            return (yield None)  # type: ignore[no-any-return]
        except BaseException as raised:
            seen.append(raised)
            raise

    def handling(head: Head) -> Steps:
        try:
            return (yield None)  # type: ignore[no-any-return]
        except BaseException:  # noqa: BLE001
            return PLAIN

    with pytest.raises(type(error)):
        side.through(noting, error)
    assert seen == [error]
    assert side.through(handling, error) is PLAIN


def test_what_the_layer_raises_is_raised(side: Side) -> None:
    def around(head: Head) -> Steps:
        yield None
        raise KeyError("layer")

    with pytest.raises(KeyError, match="layer"):
        side.through(around)


def test_work_is_done_and_its_result_sent(side: Side) -> None:
    threads: list[int] = []

    async def later() -> str:
        await asyncio.sleep(0)
        return "awaited"

    def around(head: Head) -> Steps:
        reply: Reply = yield None
        yield Blocking(lambda: threads.append(threading.get_ident()))
        given = yield (later if side.is_async else lambda: "called")
        try:
            yield lambda: 1 / 0
        except ZeroDivisionError:
            given += " and failed"
        return reply._replace(body=given.encode())

    word = b"awaited" if side.is_async else b"called"
    assert side.through(around).body == word + b" and failed"
    assert (threads == [threading.get_ident()]) is not side.is_async


class Noting(Watch):
    """A watch that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def enter(self) -> None:
        self.told.append("in")

    def leave(self) -> None:
        self.told.append("out")

    def part(self, part: bytes | str) -> None:
        self.told.append(part)

    def end(self, error: BaseException | None, *, is_whole: bool) -> Any:
        self.told.append((str(error), is_whole))
        return lambda: self.told.append("left")


@pytest.mark.parametrize(
    ("parts", "most", "read", "told"),
    [
        (("a", b"b"), 9, ["a", b"b"], ["a", b"b", ("None", True)]),
        (("a", "b"), 1, ["a"], ["a", ("None", False)]),
        (("a", ValueError("x")), 9, ["a", "x"], ["a", ("x", False)]),
        ((), 9, [], [("None", True)]),
    ],
)
def test_a_stream_tells_its_watch(
    side: Side, parts: tuple[Any, ...], most: int, read: list[Any], told: list[Any]
) -> None:
    watch = Noting()

    def around(head: Head) -> Steps:
        reply: Reply = yield None
        return reply._replace(body=head.watched(reply.body, watch))

    body = side.through(around, Reply(200, [], side.stream(*parts))).body
    assert side.read(body, most) == read
    assert [item for item in watch.told if item not in {"in", "out"}] == [*told, "left"]
    assert watch.told.count("in") == watch.told.count("out")
    assert side.read(body) == []  # closed once, and told once
    assert watch.told.count("left") == 1


def test_the_body_is_read_through_a_tap(side: Side) -> None:
    def around(head: Head) -> Steps:
        tap = head.tap(lambda source: ("sync", source), lambda source: ("async", source))
        reply: Reply = yield None
        return reply._replace(body=tap[0].encode())

    kind = "async" if side.is_async else "sync"
    assert side.through(around).body == kind.encode()
    request = side.asked[0]
    source = request[1] if side.is_async else request[0]["wsgi.input"]
    assert source[0] == kind
