"""Server-sent events: the wire format (HTML standard, section 9.2), streams of a real server."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework import ServerSentEvent, sse
from support.in_memory import HOSTS, serve
from support.served_source import served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from support.served_source import Served


@pytest.mark.parametrize(
    ("event", "sent"),
    [
        (ServerSentEvent("hello"), "data: hello\n\n"),
        (ServerSentEvent(""), "data: \n\n"),
        (ServerSentEvent(), "data: \n\n"),
        (ServerSentEvent(" spaced "), "data:  spaced \n\n"),
        (ServerSentEvent("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (ServerSentEvent("a\n"), "data: a\ndata: \n\n"),
        (ServerSentEvent(": no comment"), "data: : no comment\n\n"),
        (ServerSentEvent("é\u2028x"), "data: é\u2028x\n\n"),
        (ServerSentEvent({"a": [1, None]}), 'data: {"a":[1,null]}\n\n'),
        (ServerSentEvent([1, 2]), "data: [1,2]\n\n"),
        (ServerSentEvent(7), "data: 7\n\n"),
        (ServerSentEvent("x", event="tick"), "event: tick\ndata: x\n\n"),
        (ServerSentEvent("x", id="7"), "id: 7\ndata: x\n\n"),
        (ServerSentEvent("x", id=""), "id: \ndata: x\n\n"),
        (ServerSentEvent("x", retry=3000), "retry: 3000\ndata: x\n\n"),
        (
            ServerSentEvent("x", "tick", "7", 10),
            "event: tick\nid: 7\nretry: 10\ndata: x\n\n",
        ),
    ],
)
def test_the_wire_format(event: ServerSentEvent, sent: str) -> None:
    assert event.encode() == sent.encode()


@pytest.mark.parametrize("name", ["event", "id"])
@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_a_name_or_id_that_would_break_its_line_is_refused(name: str, text: str) -> None:
    given: dict[str, Any] = {name: text}
    with pytest.raises(ValueError, match="must be one line"):
        ServerSentEvent("x", **given).encode()


def _parsed(stream: str) -> list[dict[str, str]]:
    """Events as section 9.2.6 reads them."""
    found: list[dict[str, str]] = []
    fields: dict[str, list[str]] = {}
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if "data" in fields:
                found.append({name: "\n".join(values) for name, values in fields.items()})
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            values = fields.setdefault(name, [])
            values[:] = [*values, value.removeprefix(" ")] if name == "data" else [value[1:]]
    return found


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_what_is_sent_is_what_a_browser_reads(texts: list[str]) -> None:
    stream = b"".join(ServerSentEvent(text).encode() for text in texts).decode()
    expected = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    assert [event["data"] for event in _parsed(stream)] == expected


def _plain_source() -> Iterator[Any]:
    yield "one"
    yield {"two": 2}
    yield ServerSentEvent("three", event="last", id="3")


async def _async_source() -> AsyncIterator[Any]:
    for item in _plain_source():
        await asyncio.sleep(0)
        yield item


EXPECTED = [
    {"data": "one"},
    {"data": '{"two":2}'},
    {"data": "three", "event": "last", "id": "3"},
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("source", [_plain_source, _async_source, lambda: list(_plain_source())])
def test_every_host_streams_every_source(host: str, source: Any) -> None:
    answer = serve(host, lambda _: sse(source()))()
    assert (answer.status, answer.type) == (200, "text/event-stream; charset=utf-8")
    assert answer.headers["cache-control"] == "no-store"
    assert _parsed(answer.body.decode()) == EXPECTED


@pytest.mark.parametrize("host", HOSTS)
def test_silence_is_filled_with_comments(host: str) -> None:
    async def slow() -> AsyncIterator[str]:
        yield "first"
        await asyncio.sleep(0.1)
        yield "second"

    body = serve(host, lambda _: sse(slow(), heartbeat=0.02))().body.decode()
    first, second = body.index("data: first"), body.index("data: second")
    assert body.count(": keep-alive\n\n", first, second) >= 2
    assert [event["data"] for event in _parsed(body)] == ["first", "second"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_source_that_fails_breaks_the_stream_off_and_is_closed(host: str) -> None:
    closed: list[bool] = []

    async def failing() -> AsyncIterator[str]:
        try:
            yield "first"
            raise ValueError("broken")
        finally:
            closed.append(True)

    answer = serve(host, lambda _: sse(failing()))()
    assert (answer.is_whole, _parsed(answer.body.decode())) == (False, [{"data": "first"}])
    assert closed == [True]


@pytest.mark.parametrize("source", [7, None])
def test_what_is_not_a_source_is_refused(source: Any) -> None:
    with pytest.raises(TypeError, match="not iterable"):
        sse(source)


@pytest.mark.parametrize("source", ["done", b"done", {"a": 1}, ServerSentEvent("done")])
def test_one_event_is_refused_as_a_source(source: Any) -> None:
    """Of a text, each letter was sent as an event."""
    with pytest.raises(TypeError, match=rf"found a {type(source).__name__}: put it into a list"):
        sse(source)


@pytest.mark.parametrize("heartbeat", [0, 0.0, -1, float("nan")])
def test_a_heartbeat_without_a_pause_is_refused(heartbeat: float) -> None:
    """A silent stream was nothing but heartbeats, as fast as they could be sent."""
    with pytest.raises(ValueError, match="expected more than 0 seconds, or None"):
        sse([], heartbeat=heartbeat)


@pytest.mark.parametrize("retry", [-1, 1.5, "soon"])
def test_a_retry_that_no_browser_reads_is_refused(retry: Any) -> None:
    with pytest.raises(ValueError, match="must be whole milliseconds"):
        ServerSentEvent("x", retry=retry).encode()


SOURCE = """
import asyncio
import sys
import time
import functions_framework
from functions_framework import ServerSentEvent, sse

def say(word):
    print(word, file=sys.stderr, flush=True)

@functions_framework.http
def plain(request):
    def events():
        try:
            for number in range(int(request.args["count"])):
                yield ServerSentEvent({"number": number}, id=str(number))
                time.sleep(0.01)
        finally:
            say("source closed")
    return sse(events())

@functions_framework.http
async def waiting(request):
    async def events():
        try:
            for number in range(int(request.query_params["count"])):
                yield ServerSentEvent({"number": number}, id=str(number))
                await asyncio.sleep(0.01)
        finally:
            say("source closed")
    return sse(events(), heartbeat=0.05)

@functions_framework.http
async def silent(request):
    async def events():
        try:
            yield "only"
            await asyncio.sleep(60)
        finally:
            say("silence closed")
    return sse(events(), heartbeat=0.05)
"""


@pytest.fixture(scope="module")
def streaming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("events"), SOURCE) as found:
        yield found


@pytest.mark.parametrize("path", ["/plain", "/waiting"])
def test_a_real_server_sends_each_event_as_it_comes(streaming: Served, path: str) -> None:
    arrived: list[int] = []
    with streaming.client.stream("GET", path, params={"count": "20"}) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        parts = [part for part in answer.iter_text() if part]
    arrived = [json.loads(event["data"])["number"] for event in _parsed("".join(parts))]
    assert arrived == list(range(20))
    assert len(parts) > 5  # not held back until the end


@pytest.mark.parametrize("path", ["/plain", "/waiting"])
def test_the_source_is_closed_when_the_client_leaves(streaming: Served, path: str) -> None:
    before = streaming.server.log.count("source closed")
    with streaming.client.stream("GET", path, params={"count": "100000"}) as answer:
        assert next(answer.iter_lines()) == "id: 0"
    streaming.server.wait_for("source closed", times=before + 1)


def test_a_silent_stream_is_kept_open_and_its_client_missed(streaming: Served) -> None:
    with streaming.client.stream("GET", "/silent") as answer:
        lines = answer.iter_lines()
        found = [next(lines) for _ in range(6)]
    assert found == ["data: only", "", ": keep-alive", "", ": keep-alive", ""]
    streaming.server.wait_for("silence closed")
