"""What a client sends reaches the function, and what the function answers reaches the test."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.testing import AsyncClient, Client, cloud_event

if TYPE_CHECKING:
    from collections.abc import Callable

    import flask

    from functions_framework.testing import Result

SEEN: list[Any] = []


@functions_framework.http
def echo(request: flask.Request) -> Any:
    return {
        "method": request.method,
        "path": request.path,
        "query": request.args.to_dict(flat=False),
        "type": request.content_type,
        "body": request.get_data(as_text=True),
        "x": request.headers.get("X-Test"),
    }


@functions_framework.http
async def echo_async(request: Any) -> Any:
    names = dict.fromkeys(request.query_params)
    return {
        "method": request.method,
        "path": request.url.path,
        "query": {name: request.query_params.getlist(name) for name in names},
        "type": request.headers.get("content-type"),
        "body": (await request.body()).decode(),
        "x": request.headers.get("x-test"),
    }


@functions_framework.cloud_event
def on_event(event: Any) -> None:
    SEEN.append((event["type"], event.data))


@functions_framework.cloud_event
async def on_event_async(event: Any) -> None:
    SEEN.append((event["type"], event.data))


@functions_framework.event
def on_background(data: Any, context: Any) -> None:
    SEEN.append((context.event_type, data))


@dataclass
class Order:
    id: int
    note: str = ""


@functions_framework.typed
def take(order: Order) -> Order:
    return Order(order.id + 1, order.note)


@functions_framework.typed
async def take_async(order: Order) -> Order:
    return Order(order.id + 1, order.note)


@functions_framework.http
def crash(request: flask.Request) -> Any:
    raise ZeroDivisionError("on purpose")


@functions_framework.http
def broken_stream(request: flask.Request) -> Any:
    def parts() -> Any:
        yield "first"
        raise ValueError("in the stream")

    return parts()


@functions_framework.http
async def broken_stream_async(request: Any) -> Any:
    async def parts() -> Any:
        yield "first"
        raise ValueError("in the stream")

    return parts()


def via_client(function: Any, ask: Callable[[Any], Any]) -> Result:
    with Client(function) as client:
        answer: Result = ask(client)
        return answer


def via_async_client(function: Any, ask: Callable[[Any], Any]) -> Result:
    async def run() -> Result:
        async with AsyncClient(function) as client:
            answer: Result = await ask(client)
            return answer

    return asyncio.run(run())


both_clients = pytest.mark.parametrize("via", [via_client, via_async_client])
both_echoes = pytest.mark.parametrize("function", [echo, echo_async])


@both_clients
@both_echoes
@pytest.mark.parametrize(
    ("verb", "parts", "expected"),
    [
        ("get", {"path": "/?b=1", "query": {"b": ["2"]}}, {"query": {"b": ["1", "2"]}}),
        ("get", {"path": "/a%20b/ü"}, {"path": "/a b/ü"}),
        ("get", {"query": "x=%26"}, {"query": {"x": ["&"]}}),
        ("get", {"headers": {"X-Test": "1"}}, {"x": "1"}),
        ("post", {"json": {"a": 1}}, {"body": '{"a": 1}', "type": "application/json"}),
        ("post", {"json": None}, {"body": "null", "type": "application/json"}),
        ("post", {"data": b"raw"}, {"body": "raw", "type": None}),
        ("put", {"data": "ü"}, {"body": "ü", "type": "text/plain; charset=utf-8"}),
        ("patch", {"data": {"a": [1, 2]}}, {"body": "a=1&a=2"}),
        ("post", {"json": 1, "headers": [("Content-Type", "a/b")]}, {"type": "a/b"}),
        ("delete", {}, {"method": "DELETE", "path": "/"}),
    ],
)  # fmt: skip
def test_request_parts(
    via: Any, function: Any, verb: str, parts: dict[str, Any], expected: dict[str, Any]
) -> None:
    result = via(function, lambda client: getattr(client, verb)(**parts))
    assert result.status == 200
    assert {name: result.json[name] for name in expected} == expected


@both_clients
@both_echoes
def test_head_has_no_body(via: Any, function: Any) -> None:
    result = via(function, lambda client: client.head("/"))
    assert (result.status, result.body) == (200, b"")


@both_clients
@pytest.mark.parametrize("function", [on_event, on_event_async])
@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_cloud_events(via: Any, function: Any, mode: str) -> None:
    SEEN.clear()
    event = cloud_event("com.example.paid", {"amount": 1})
    result = via(function, lambda client: client.send(event, mode))
    assert (result.status, result.text, SEEN) == (200, "OK", [("com.example.paid", {"amount": 1})])


@both_clients
def test_background_events(via: Any) -> None:
    SEEN.clear()
    event = {"context": {"eventId": "1", "eventType": "t"}, "data": {"a": 1}}
    assert via(on_background, lambda client: client.send(event)).status == 200
    assert SEEN == [("t", {"a": 1})]


@both_clients
@pytest.mark.parametrize("function", [take, take_async])
@pytest.mark.parametrize("value", [Order(1, "x"), {"id": 1, "note": "x"}])
def test_typed_values(via: Any, function: Any, value: Any) -> None:
    assert via(function, lambda client: client.invoke(value)).json == {"id": 2, "note": "x"}


@both_clients
def test_a_crash_is_told_as_exception_and_record(via: Any) -> None:
    result = via(crash, lambda client: client.get("/x"))
    assert result.status == 500
    assert isinstance(result.exception, ZeroDivisionError)
    assert [record.message for record in result.logs] == ["Exception on /x [GET]"]


@both_clients
@pytest.mark.parametrize("function", [broken_stream, broken_stream_async])
def test_a_broken_stream_keeps_what_was_sent(via: Any, function: Any) -> None:
    result = via(function, lambda client: client.get("/"))
    assert (result.body, result.is_whole) == (b"first", False)
    assert isinstance(result.exception, ValueError)


@pytest.mark.parametrize(
    ("function", "ask", "text"),
    [
        (take, lambda client: client.send(cloud_event()), r"typed function.*client\.invoke"),
        (echo, lambda client: client.invoke(1), r"signature http\. Use client\.get"),
        (on_event, lambda client: client.invoke(1), r"cloudevent\. Use client\.send"),
        (echo, lambda client: client.get("x"), "starts with '/'"),
        (echo, lambda client: client.post(json=1, data=b""), "one body"),
        (echo, lambda client: client.get(headers={"a": "b\r\nc: d"}), "header is one line"),
        (echo, lambda client: client.get(headers=[("", "b")]), "header is one line with a name"),
        (on_event, lambda client: client.send(cloud_event(), "both"), "'binary' or 'structured'"),
        (echo, lambda client: client.get("/").text and client.head("/").json, "is not JSON"),
    ],
)
def test_wrong_use_says_what_to_do(function: Any, ask: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        ask(Client(function))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"headers": {"a": 1}}, r"name and a text, found 'a': 1"),
        ({"headers": {"a": b"1"}}, r"name and a text, found 'a': b'1'"),
        ({"headers": [(b"a", "1")]}, r"name and a text"),
        ({"data": [1]}, r"found \[1\]\. Give a JSON value as json"),
        ({"data": 5}, r"found 5\. Give a JSON value as json"),
    ],
)
def test_what_cannot_be_sent_says_so(parts: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Client(echo).post("/", **parts)


@pytest.mark.parametrize("data", [b"a", bytearray(b"a"), memoryview(b"a")])
def test_bytes_of_every_kind_are_sent(data: Any) -> None:
    assert Client(echo).post("/", data=data).json["body"] == "a"


def test_a_client_of_nothing_callable() -> None:
    with pytest.raises(TypeError, match="takes a function or the path"):
        Client(1)  # type: ignore[arg-type]


def test_an_event_of_another_type() -> None:
    with pytest.raises(TypeError, match="found int"):
        Client(on_event).send(1)  # type: ignore[arg-type]


def test_a_client_that_waits_cannot_wait_on_a_running_loop() -> None:
    async def run() -> None:
        Client(echo_async).get("/")

    with pytest.raises(RuntimeError, match="Use AsyncClient"):
        asyncio.run(run())


def test_calls_at_once_keep_their_records_apart() -> None:
    async def run() -> list[Result]:
        client = AsyncClient(crash)
        return await asyncio.gather(*(client.get(f"/{number}") for number in range(5)))

    found = [[record.message for record in result.logs] for result in asyncio.run(run())]
    assert found == [[f"Exception on /{number} [GET]"] for number in range(5)]


def test_headers_in_any_case() -> None:
    headers = Client(echo).get("/").headers
    assert headers["Content-Type"] == headers["content-type"] == "application/json"
    assert "content-length" in set(headers)
    assert headers.get_all("x-none") == []
