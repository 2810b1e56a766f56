"""Batches of CloudEvents: a call for each event, one answer for all, the same on every host."""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import functions_framework
from functions_framework import Drop, Retry, aio
from functions_framework.api.registrations import Registrations
from functions_framework.events.batches import id_of
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Function, Signature
from functions_framework.signatures import codec_of
from functions_framework.testing import Client
from support.in_memory import EVENT_HOSTS, Answer, serve

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudevents.http import CloudEvent

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
TAKEN = (200, b"OK")
every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


def event(number: int | str, does: str = "", **more: Any) -> dict[str, Any]:
    """An event, with what the function is to do with it as its data."""
    made = {"specversion": "1.0", "id": str(number), "source": "/s", "type": "t", "data": does}
    return {**made, **more}


def act(received: CloudEvent) -> Any:
    """Do what the event says."""
    does = received.data or ""
    if does == "retry":
        raise Retry(after=int(received["id"]) + 0.5, reason="busy")
    if does == "whenever":
        raise Retry
    if does == "drop":
        raise Drop("bad")
    if does == "crash":
        raise ValueError("secret")
    if does == "exit":
        raise SystemExit(3)
    if does == "binary":
        return {"type": "made", "id": f"of {received['id']}", "time": "T", "data": b"\x00"}
    if does == "json":
        return {"type": "made", "id": f"of {received['id']}", "time": "T", "data": [1]}
    if does == "several":
        return [{"type": f"made {n}", "id": "i", "time": "T", "data": n} for n in (1, 2)]
    return None


def ask(
    host: str,
    batch: Any,
    call: Callable[..., Any] = act,
    signature: Signature = Signature.CLOUDEVENT,
    *handlers: tuple[Any, Callable[..., Any]],
    **headers: str,
) -> Answer:
    """Send a batch; bytes as they are, anything else as JSON."""
    body = batch if isinstance(batch, bytes) else json.dumps(batch).encode()
    send = serve(host, call, signature, Registrations(list(handlers)))
    return send("POST", "/", {**BATCH, **headers}, body)


@every_host
def test_each_event_is_a_call_of_its_own(host: str) -> None:
    seen = []

    def function(received: CloudEvent) -> None:
        running = functions_framework.current()
        assert running is not None
        seen.append((received["id"], received.data, running.execution_id, running.trace_id))

    trace = "0123456789abcdef0123456789abcdef"
    headers = {"Function-Execution-Id": "sent", "X-Cloud-Trace-Context": f"{trace}/1;o=1"}
    events = [event(number, data={"n": number}) for number in range(40)]
    send = serve(host, function, Signature.CLOUDEVENT)
    answer = send("POST", "/", {**BATCH, **headers}, json.dumps(events).encode())
    assert (answer.status, answer.body) == TAKEN
    assert sorted(seen, key=lambda call: int(call[0])) == [
        (str(n), {"n": n}, found, trace) for n, (_, _, found, _) in enumerate(_by_id(seen))
    ]
    assert len({call[2] for call in seen} - {"sent"}) == 40


def _by_id(seen: list[tuple[str, Any, str, str | None]]) -> list[tuple[str, Any, str, str | None]]:
    return sorted(seen, key=lambda call: int(call[0]))


class Case(NamedTuple):
    """A batch, the status of its response and the events that are not done."""

    batch: list[Any]
    status: int
    failures: list[tuple[str | None, int, str]]
    pause: str | None = None


CASES = {
    "a crash": Case([event(1), event(2, "crash")], 500, [("2", 1, "error")]),
    "an exit": Case([event(1, "exit"), event(2)], 500, [("1", 0, "error")]),
    "again": Case(
        [event(3, "retry"), event(1), event(9, "retry"), event(2, "whenever")],
        503,
        [("3", 0, "retry"), ("9", 2, "retry"), ("2", 3, "retry")],
        "10",
    ),
    "again, whenever": Case([event(2, "whenever")], 503, [("2", 0, "retry")]),
    "again, and a crash": Case(
        [event(3, "retry"), event(2, "crash")], 500, [("3", 0, "retry"), ("2", 1, "error")]
    ),
    "again, and a dropped one": Case(
        [event(3, "drop"), event(2, "retry")], 503, [("2", 1, "retry")], "3"
    ),
    "a malformed one": Case([{"id": "x", "source": "/s"}, event(2)], 400, [("x", 0, "refused")]),
    "malformed ones without an id": Case(
        [3, [], None, {}, {"id": 7}, event("")],
        400,
        [(None, index, "refused") for index in range(6)],
    ),
    "a malformed one, one again": Case(
        [event(2, "whenever"), "text"], 503, [("2", 0, "retry"), (None, 1, "refused")]
    ),
    "two of one id": Case([event(1), event(1, "crash", source="/other")], 500, [("1", 1, "error")]),
}


@every_host
@pytest.mark.parametrize("name", CASES)
def test_the_response_names_what_is_not_done(name: str, host: str) -> None:
    case = CASES[name]
    answer = ask(host, case.batch)
    assert (answer.status, answer.type) == (case.status, "application/json")
    found = json.loads(answer.body)
    failures = found.pop("batchItemFailures")
    assert found == {}
    assert [
        (item["itemIdentifier"], item["index"], item["reason"]) for item in failures
    ] == case.failures
    assert answer.headers.get("retry-after") == case.pause
    assert answer.is_crash is (case.status == 500)
    assert b"secret" not in answer.body


@every_host
def test_a_malformed_event_is_told_what_is_wrong_with_it(host: str) -> None:
    answer = ask(host, [event(1, specversion="9"), event(2)])
    (failure,) = json.loads(answer.body)["batchItemFailures"]
    assert failure == {
        "itemIdentifier": "1",
        "index": 0,
        "reason": "refused",
        "status": 400,
        "detail": "InvalidRequiredFields: specversion must be '1.0' (or '0.3').",
    }


@every_host
@pytest.mark.parametrize(
    "batch", [[], [event(1)], [event(1, "drop")], [event(1, "drop"), event(2)]]
)
def test_it_is_taken_when_all_is_done_or_dropped(host: str, batch: list[Any]) -> None:
    answer = ask(host, batch, Prefer="reply")
    assert (answer.status, answer.body) == TAKEN


@every_host
@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b"[1", b"null", b'"[]"', b"[{]", b"\xff"])
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT], ids=str)
def test_what_is_not_a_list_is_400(host: str, body: bytes, signature: Signature) -> None:
    answer = ask(host, body, act, signature)
    assert (answer.status, answer.type) == (400, "text/plain; charset=utf-8")
    assert answer.body.count(b"\n") == 1


@every_host
def test_a_list_that_is_nested_too_deeply_is_not_a_crash(host: str) -> None:
    assert ask(host, b"[" * 100_000 + b"]" * 100_000).status == 400


@every_host
def test_what_only_the_standard_library_reads_is_read(host: str) -> None:
    seen: list[float] = []
    body = json.dumps([event(1, data=float("inf")), event(2, data=2.0)]).encode()
    answer = ask(host, b"\xef\xbb\xbf" + body, lambda received: seen.append(received.data))
    assert (answer.status, sorted(seen)) == (200, [2.0, float("inf")])


MADE = {"specversion": "1.0", "source": "/hello", "time": "T"}


@every_host
def test_replies_are_one_batch_in_the_order_of_the_events(host: str) -> None:
    batch = [event(1, "binary"), event(2), event(3, "several"), event(4, "json"), event(5, "drop")]
    answer = ask(host, batch)
    assert (answer.status, answer.type) == (200, BATCH["Content-Type"])
    first, *others = json.loads(answer.body)
    assert first == {
        **MADE,
        "id": "of 1",
        "type": "made",
        "datacontenttype": "application/octet-stream",
        "data_base64": "AA==",
    }
    assert others == [
        {**MADE, "id": "i", "type": "made 1", "data": 1},
        {**MADE, "id": "i", "type": "made 2", "data": 2},
        {**MADE, "id": "of 4", "type": "made", "datacontenttype": "application/json", "data": [1]},
    ]


@every_host
def test_replies_of_what_is_done_come_with_the_failures(host: str) -> None:
    answer = ask(host, [event(1, "json"), event(2, "crash")])
    found = json.loads(answer.body)
    assert [item["id"] for item in found["replies"]] == ["of 1"]
    assert [item["itemIdentifier"] for item in found["batchItemFailures"]] == ["2"]


@every_host
def test_background_functions_get_the_events_that_convert(host: str) -> None:
    seen = []
    kind = "google.cloud.pubsub.topic.v1.messagePublished"
    source = "//pubsub.googleapis.com/projects/p/topics/t"
    message = {"message": {"data": "aGk=", "attributes": {}}}
    good = event(1, type=kind, source=source, data=message)
    bad = event(2, type=kind, source="nowhere", data=message)

    def function(data: Any, context: Any) -> None:
        seen.append((data["data"], context.event_id))

    answer = ask(host, [good, bad], function, Signature.EVENT)
    assert seen == [("aGk=", "1")]
    (failure,) = json.loads(answer.body)["batchItemFailures"]
    assert (answer.status, failure["itemIdentifier"], failure["reason"]) == (400, "2", "refused")


@every_host
def test_error_handlers_decide_about_single_events(host: str) -> None:
    handler = (ValueError, lambda _: ("taken care of", 200))
    answer = ask(host, [event(1, "crash"), event(2)], act, Signature.CLOUDEVENT, handler)
    assert (answer.status, answer.body) == TAKEN


@every_host
def test_each_verdict_and_each_crash_is_a_record(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        ask(host, [event(1, "retry"), event(2, "drop"), event(3, "crash"), event(4)])
    assert sorted(record.getMessage() for record in caplog.records) == [
        "Exception on / [POST]",
        "The function dropped the event: bad",
        "The function wants the event again: busy",
    ]


@pytest.mark.parametrize("host", ["wsgi", "wsgi with flask", "asgi with def"])
def test_events_that_wait_do_so_at_the_same_time(host: str) -> None:
    together = threading.Barrier(4)
    answer = ask(host, [event(n) for n in range(4)], lambda _: together.wait(10) and None)
    assert (answer.status, answer.body) == TAKEN


# -- the whole list --------------------------------------------------------------------------


def _whole(call: Any, kind: str) -> Client:
    decorate = aio.cloud_event if kind == "aio" else functions_framework.cloud_event
    return Client(decorate(batch=True)(call))


SINGLE = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


def _list_taker(kind: str, seen: list[Any]) -> Any:
    def function(events: list[CloudEvent]) -> Any:
        seen.append([received["id"] for received in events])
        if events[0].data == "retry":
            raise Retry(after=5)
        return [{"type": "made", "source": "/x", "id": item["id"]} for item in events]

    async def awaited(events: list[CloudEvent]) -> Any:
        return function(events)

    return awaited if kind == "async" else function


@every_host
def test_a_crash_is_told_without_the_batch_it_came_in(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        ask(host, [event(1, "crash")])
    (record,) = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)
    assert record.exc_info[1].__context__ is None


@pytest.mark.parametrize("kind", ["def", "async", "aio"])
def test_a_function_may_take_the_whole_list(kind: str) -> None:
    seen: list[Any] = []
    client = _whole(_list_taker(kind, seen), kind)
    sent = json.dumps([event(1), event(2)]).encode()
    answer = client.post("/", data=sent, headers=BATCH)
    assert [item["id"] for item in json.loads(answer.body)] == ["1", "2"]
    assert client.post("/", data=b"", headers=SINGLE).status == 200
    assert seen == [["1", "2"], ["1"]]
    again = client.post("/", data=json.dumps([event(1, "retry")]).encode(), headers=BATCH)
    assert (again.status, again.headers["retry-after"]) == (503, "5")
    bad = client.post("/", data=json.dumps([event(1), {"id": "x"}]).encode(), headers=BATCH)
    assert bad.status == 400
    assert bad.text.startswith("Event 1 of the batch: MissingRequiredFields")
    assert len(seen) == 3


def test_a_whole_list_has_no_typed_data() -> None:
    @functions_framework.cloud_event(batch=True)
    def function(events: list[CloudEvent], data: dict[str, int]) -> None:
        """Never called."""

    with pytest.raises(FunctionsFrameworkException, match="batch=True it is called with a list"):
        codec_of(Function.of(function, "f", Signature.HTTP))


@pytest.mark.parametrize("text", [b"{", b"[]", b"{}", b'{"id": 1}', b'{"id": ""}', b"\xff"])
def test_an_id_that_names_nothing_is_none(text: bytes) -> None:
    assert id_of(text) is None
