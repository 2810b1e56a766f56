"""The event that a CloudEvent function returns is the response, on every host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from cloudevents.http import CloudEvent, from_http

from functions_framework import cloud_event
from functions_framework.model.function import Function, Signature
from functions_framework.signatures.cloud_event import CloudEventSignature
from support.in_memory import EVENT_HOSTS, Answer, serve

if TYPE_CHECKING:
    from collections.abc import Callable

SENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
GIVEN = {"type": "com.example.made", "source": "/mine", "id": "7", "time": "2026-01-01T00:00:00Z"}

EVENT = {**GIVEN, "specversion": "1.0"}


@dataclass
class Order:
    number: int


def ask(host: str, result: Any) -> Answer:
    """Return a result from a function that gets an event."""
    return serve(host, lambda _: result, Signature.CLOUDEVENT)("POST", "/", SENT)


RESULTS: dict[str, Callable[[], Any]] = {
    "object of the SDK": lambda: CloudEvent(GIVEN, {"n": 1}),
    "dict": lambda: {**GIVEN, "data": {"n": 1}},
    "dict with extension": lambda: {**GIVEN, "specversion": "1.0", "data": {"n": 1}},
}


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("kind", RESULTS)
def test_a_returned_event_is_the_response_in_binary_mode(host: str, kind: str) -> None:
    answer = ask(host, RESULTS[kind]())
    assert answer.status == 200
    found = {name: value for name, value in answer.headers.items() if name.startswith("ce-")}
    assert found == {f"ce-{name}": value for name, value in GIVEN.items()} | {
        "ce-specversion": "1.0"
    }
    assert json.loads(answer.body) == {"n": 1}


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_what_an_event_lacks_is_filled_in(host: str) -> None:
    answer = ask(host, {"type": "made", "data": "text"})
    event = from_http(answer.headers, answer.body)
    assert (event["source"], event["specversion"], event["type"]) == ("/hello", "1.0", "made")
    assert len(event["id"]) == 36
    assert event["time"].startswith("20")
    again = ask(host, {"type": "made", "data": "text"})
    assert again.headers["ce-id"] != event["id"]


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_list_of_events_is_a_batch(host: str) -> None:
    answer = ask(host, [CloudEvent(GIVEN, b"\x00"), {"type": "second", "data": [1]}])
    assert answer.type == "application/cloudevents-batch+json"
    first, second = json.loads(answer.body)
    assert (first["data_base64"], second["data"]) == ("AA==", [1])


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("more", [(202,), ("202 Accepted",), ({"x-a": "1"},), (202, {"x-a": "1"})])
def test_an_event_with_a_status_as_http_functions_return_it(host: str, more: tuple[Any]) -> None:
    for event in (CloudEvent(GIVEN, {"n": 1}), {**GIVEN, "data": {"n": 1}}):
        answer = ask(host, (event, *more))
        assert (answer.status, answer.headers["ce-id"]) == (200, "7")
        assert json.loads(answer.body) == {"n": 1}


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_tuple_of_events_is_a_batch(host: str) -> None:
    for events in ((EVENT,), (EVENT, EVENT)):
        answer = ask(host, events)
        assert answer.type == "application/cloudevents-batch+json"
        assert len(json.loads(answer.body)) == len(events)


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT])
def test_work_that_is_returned_undone_is_not_lost(
    host: str, signature: Signature, caplog: pytest.LogCaptureFixture
) -> None:
    done = []

    async def later() -> None:
        done.append(True)

    work = later()
    answer = serve(host, lambda *_: work, signature)("POST", "/", SENT)
    work.close()  # nobody is to be warned of it
    assert answer.is_crash is not bool(done)
    assert answer.status == 200 or "returned a coroutine: expected a result whose" in caplog.text


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT])
@pytest.mark.parametrize("is_async", [False, True])
def test_nor_is_that_of_a_function_with_yield(
    host: str, signature: Signature, caplog: pytest.LogCaptureFixture, *, is_async: bool
) -> None:
    def plain(*_: object) -> Any:
        yield

    async def waiting(*_: object) -> Any:
        yield

    assert serve(host, waiting if is_async else plain, signature)("POST", "/", SENT).is_crash
    assert "generator: expected a result whose work is done" in caplog.text


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_generator_expression_is_any_result(host: str) -> None:
    assert ask(host, (n for n in (1, 2))).body == b"OK"


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    "result", [None, "text", b"x", 3, {"a": 1}, {"type": "alone"}, [], [1], object()]
)
def test_what_is_not_an_event_is_not_a_reply(host: str, result: Any) -> None:
    answer = ask(host, result)
    assert (answer.status, answer.body) == (200, b"OK")
    assert not any(name.startswith("ce-") for name in answer.headers)


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    ("result", "fault"),
    [
        ({"specversion": "1.0", "id": "1"}, "has no type"),
        ([{"type": "t", "data": 1}, 2], "something else"),
        ({"type": "t", "data": object()}, "not JSON"),
        ({"type": "t", "source": "/s", "my name": 1}, "cannot be a header"),
    ],
)
def test_an_event_that_cannot_be_sent_is_a_crash(
    host: str, result: Any, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert ask(host, result).is_crash
    assert fault in caplog.text


def _encoded(call: Callable[..., Any], result: Any) -> Any:
    function = Function.of(call, "orders", Signature.CLOUDEVENT)
    return CloudEventSignature(function).encode(result)


def test_a_typed_result_is_data_of_the_declared_type() -> None:
    @cloud_event(reply_type="com.example.order", reply_source="//orders")
    def function(event: CloudEvent) -> Order:
        return Order(int(event["id"]))

    reply = _encoded(function, Order(3))
    event = from_http(dict(reply.headers), reply.body)
    assert (event["type"], event["source"], event.data) == (
        "com.example.order",
        "//orders",
        {"number": 3},
    )
    assert _encoded(function, None).body == b"OK"
    assert dict(_encoded(function, {**GIVEN, "data": 1}).headers)["ce-type"] == GIVEN["type"]


@pytest.mark.parametrize(
    ("result", "content_type", "data"),
    [
        (b"\xff", "application/octet-stream", b"\xff"),
        ({"a": 1}, "application/json", {"a": 1}),
        ("text", "application/json", "text"),
        (Order(1), "application/json", {"number": 1}),
    ],
)
def test_data_of_every_kind(result: Any, content_type: str, data: Any) -> None:
    @cloud_event(reply_type="t")
    def function(event): ...  # type: ignore[no-untyped-def]

    reply = _encoded(function, result)
    event = from_http(dict(reply.headers), reply.body)
    assert (event["datacontenttype"], event.data) == (content_type, data)


def test_structured_replies() -> None:
    @cloud_event(reply_format="structured")
    def function(event): ...  # type: ignore[no-untyped-def]

    reply = _encoded(function, {**GIVEN, "data": {"n": 1}})
    assert reply.headers == [("content-type", "application/cloudevents+json")]
    assert json.loads(reply.body) == {**GIVEN, "specversion": "1.0", "data": {"n": 1}}


def test_an_unknown_format_is_refused_where_it_stands() -> None:
    with pytest.raises(ValueError, match="reply_format='xml': expected 'binary' or 'structured'"):
        cloud_event(reply_format="xml")  # type: ignore[call-overload]


@pytest.mark.parametrize("given", ["", 5])
def test_a_type_that_no_event_can_have_is_refused_where_it_stands(given: Any) -> None:
    with pytest.raises(ValueError, match=f"reply_type={given!r}: expected the type of an event"):
        cloud_event(reply_type=given)
