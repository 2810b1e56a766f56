"""Events of AWS services through a handler: what becomes of them, sync and async."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from cloudevents.http import CloudEvent  # noqa: TC002 - read at run time

import functions_framework
from functions_framework import (
    Drop,
    DynamoDBChange,
    KafkaRecord,
    KinesisRecord,
    Retry,
    S3Object,
    SnsMessage,
    SqsMessage,
)
from functions_framework.events.samples import catalogue, forms
from functions_framework.platforms.aws_lambda.batch import EventsFailed
from functions_framework.stores.urls import MEMORY
from support.aws_events import kinesis, payload, sqs
from support.lambda_calls import Context, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.once

KINDS = ("def", "async def")
every_kind = pytest.mark.parametrize("kind", KINDS)
Handler = Any


@pytest.fixture
def make() -> Iterator[Callable[..., Handler]]:
    """Makes a handler, and stops it in the end."""
    made: list[Any] = []

    def make(function: Any, **settings: Any) -> Handler:
        made.append(sandbox_of(function, **settings))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.calls.stop()


@pytest.fixture
def serve(make: Callable[..., Handler]) -> Callable[..., Handler]:
    """Makes the handler of a plain function, as `def` or as `async def`."""

    def serve(kind: str, call: Callable[..., Any], *, decorate: Any = None, **given: Any) -> Any:
        async def waiting(*arguments: Any) -> Any:
            return call(*arguments)

        waiting.__annotations__ = call.__annotations__
        waiting.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]
        function = call if kind == "def" else waiting
        return make((decorate or functions_framework.cloud_event)(function), **given)

    return serve


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}


class Crash(Exception):  # noqa: N818 - as a user names it
    pass


def deciding(seen: list[Any]) -> Callable[[CloudEvent], None]:
    """A function that does what its event says, and notes it."""

    def decide(event: CloudEvent) -> None:
        word = event.data.decode() if isinstance(event.data, bytes) else event.data
        seen.append(word)
        if word == "drop":
            raise Drop("of no use")
        if word == "retry":
            raise Retry(after=60, reason="busy")
        if word == "crash":
            raise Crash(word)

    return decide


@every_kind
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["ok", "ok"], failures()),
        (["ok", "drop"], failures()),
        (["ok", "crash", "ok"], failures("m2")),
        (["retry", "ok", "crash"], failures("m1", "m3")),
    ],
)
def test_a_queue_gets_back_what_failed(
    kind: str, words: list[str], expected: Any, serve: Any
) -> None:
    seen: list[Any] = []
    handler = serve(kind, deciding(seen))
    assert handler(sqs(*words), Context()) == expected
    assert sorted(seen) == sorted(words)
    assert handler(sqs(*words), Context()) == expected  # nothing is kept of the invoke before
    assert handler(sqs(*words)["Records"], Context()) == expected  # a pipe's
    assert len(seen) == 3 * len(words)


@every_kind
@pytest.mark.parametrize(
    ("words", "called", "expected"),
    [
        (["ok", "drop", "ok"], 3, failures()),
        (["ok", "crash", "ok", "ok"], 2, failures("m2", "m3", "m4")),
        (["ok", "ok", "retry"], 3, failures("m3")),
    ],
)
def test_a_fifo_queue_is_handled_in_order_up_to_a_failure(
    kind: str, words: list[str], called: int, expected: Any, serve: Any
) -> None:
    seen: list[Any] = []
    handler = serve(kind, deciding(seen))
    assert handler(sqs(*words, queue="orders.fifo"), Context()) == expected
    assert seen == words[:called]


@every_kind
def test_a_stream_goes_on_from_the_first_failure(kind: str, serve: Any) -> None:
    seen: list[Any] = []
    handler = serve(kind, deciding(seen))
    assert handler(kinesis(b"ok", b"drop", b"ok"), Context()) == failures()
    assert handler(kinesis(b"ok", b"retry", b"ok"), Context()) == failures("2")
    assert seen == ["ok", "drop", "ok", "ok", "retry"]


@every_kind
def test_partitions_of_kafka_do_not_wait_for_each_other(kind: str, serve: Any) -> None:
    seen: list[Any] = []

    def call(event: CloudEvent) -> None:
        seen.append(event["subject"])
        if event["subject"] == "partition:0#15":
            raise Crash

    handler = serve(kind, call)
    first = {"partition": "mytopic-0", "offset": 15}
    assert handler(payload("kafka"), Context()) == failures(first)
    assert seen == ["partition:0#15", "partition:1#7"]


@every_kind
@pytest.mark.parametrize("word", ["crash", "retry"])
def test_an_invocation_fails_where_all_events_did(
    kind: str, word: str, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handler = serve(kind, deciding([]))
    for sent in (sqs(word, word), sqs(word, "ok", queue="q.fifo"), kinesis(word.encode(), b"ok")):
        caplog.clear()
        with pytest.raises(EventsFailed, match="2 of 2 events"):
            handler(sent, Context())
        assert caplog.records, "each is told why"
        assert all(record.exc_info or word == "retry" for record in caplog.records)


WITHOUT = ["sns", "s3_deleted", "eventbridge", "cloudwatch_logs"]


@every_kind
@pytest.mark.parametrize("name", WITHOUT)
def test_services_without_partial_responses_try_all_again(kind: str, name: str, serve: Any) -> None:
    verdicts: list[Any] = [None, Drop("x"), Retry(), Crash()]
    seen: list[str] = []

    def call(event: CloudEvent) -> None:
        seen.append(event["id"])
        if verdicts[0]:
            raise verdicts[0]

    handler = serve(kind, call)
    assert handler(payload(name), Context()) is None
    number = len(seen)
    verdicts.pop(0)
    assert handler(payload(name), Context()) is None
    for _ in range(2):
        verdicts.pop(0)
        with pytest.raises(EventsFailed, match=f"{number} of {number} events"):
            handler(payload(name), Context())
    assert len(set(seen)) == number
    assert len(seen) == 4 * number


@every_kind
def test_dropped_messages_are_told(kind: str, serve: Any) -> None:
    told: list[Any] = []

    def decorate(call: Any) -> Any:
        functions_framework.on_dropped(lambda event, reason: told.append((event["id"], reason)))
        return functions_framework.cloud_event(call)

    handler = serve(kind, deciding([]), decorate=decorate)
    assert handler(sqs("ok", "drop"), Context()) == failures()
    assert told == [("m2", "of no use")]


@every_kind
def test_a_message_is_given_up_after_its_last_attempt(
    kind: str, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    handler = serve(kind, deciding([]), decorate=functions_framework.cloud_event(max_attempts=3))
    assert handler(sqs("ok", "crash", count="2"), Context()) == failures("m2")
    with caplog.at_level(logging.WARNING):
        assert handler(sqs("ok", "crash", "retry", count="3"), Context()) == failures()
    told = [record.getMessage() for record in caplog.records]
    assert any("dropped the event: attempt 3 of 3 failed: Crash" in one for one in told)
    assert any("dropped the event: attempt 3 of 3 failed: busy" in one for one in told)


@every_kind
def test_a_malformed_record_leaves_the_others_alone(
    kind: str, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    handler = serve(kind, deciding(seen))
    sent = sqs("one", "two", "three")
    sent["Records"][1]["body"] = {"s3cret": 1}
    with caplog.at_level(logging.WARNING):
        assert handler(sent, Context()) == failures("m2")
    assert sorted(seen) == ["one", "three"]
    assert "The record has no text in body" in caplog.text
    assert "s3cret" not in caplog.text
    fifo = sqs("one", "two", "three", queue="q.fifo")
    fifo["Records"][1]["body"] = 7
    assert handler(fifo, Context()) == failures("m2", "m3")
    assert seen[2:] == ["one"]
    sent["Records"][0], sent["Records"][1] = {}, sent["Records"][0]
    with pytest.raises(
        EventsFailed, match=r"1 of 3 events of aws:sqs failed .1 refused.. One that"
    ):
        handler(sent, Context())
    assert sorted(seen[3:]) == ["one", "three"]


@dataclass
class Order:
    id: int


@every_kind
def test_messages_are_decoded_and_checked(
    kind: str, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []

    def call(message: SqsMessage[Order]) -> None:
        seen.append((message.json, message.queue))

    handler = serve(kind, call)
    with caplog.at_level(logging.WARNING):
        assert handler(sqs('{"id": 17}', '{"id": "s3cret"}'), Context()) == failures("m2")
    assert seen == [(Order(17), "my-queue")]
    assert "body.id: Expected `int`, got `str`" in caplog.text
    assert "s3cret" not in caplog.text


@every_kind
@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (SqsMessage, ["sqs", "sqs_fifo"]),
        (SnsMessage, ["sns"]),
        (S3Object, ["s3", "s3_deleted"]),
        (KinesisRecord, ["kinesis"]),
        (DynamoDBChange, ["dynamodb"]),
        (KafkaRecord, ["kafka", "kafka_self_managed"]),
    ],
)
def test_a_type_takes_the_events_of_its_service(
    kind: str, cls: Any, names: list[str], serve: Any
) -> None:
    seen: list[Any] = []

    def call(value: Any) -> None:
        seen.append(type(value))

    call.__annotations__["value"] = cls
    handler = serve(kind, call)
    for name in names:
        assert handler(payload(name), Context()) in (failures(), None)
    assert set(seen) == {cls}


@every_kind
def test_background_functions_get_the_same_events(kind: str, serve: Any) -> None:
    seen: list[Any] = []

    def call(data: Any, context: Any) -> None:
        seen.append((data, context.event_id, context.event_type, context.resource))
        if data == "crash":
            raise Crash

    handler = serve(kind, call, decorate=lambda given: given, signature_type="event")
    assert handler(sqs('{"order": 17}', "crash", "x"), Context()) == failures("m2")
    queue = "arn:aws:sqs:us-east-2:123456789012:my-queue"
    assert ({"order": 17}, "m1", "com.amazonaws.sqs.Message", queue) in seen
    assert handler(payload("scheduled"), Context()) is None
    assert seen[-1][2:] == ("Scheduled Event", "aws.events")


@every_kind
def test_a_message_that_comes_twice_has_its_effect_once(kind: str, serve: Any) -> None:
    seen: list[Any] = []
    handler = serve(
        kind,
        deciding(seen),
        decorate=lambda call: functions_framework.cloud_event(functions_framework.idempotent(call)),
        idempotency_store=MEMORY,
    )
    assert handler(sqs("ok", "crash"), Context()) == failures("m2")
    assert handler(sqs("ok", "crash"), Context()) == failures("m2")
    assert sorted(seen) == ["crash", "crash", "ok"]
    assert handler(payload("s3_deleted"), Context()) is None
    assert len(seen) == 5, "two deletions by one request are two events"


@every_kind
@pytest.mark.parametrize(
    ("sent", "seen", "expected"),
    [
        (sqs("a", "b"), [["a", "b"]], failures()),
        (sqs("a", "b", queue="q.fifo"), [["a", "b"]], failures()),
        (kinesis(b"1", b"2"), [[1, 2]], failures()),
        (payload("eventbridge"), [[payload("eventbridge")["detail"]]], None),
    ],
)
def test_a_batch_is_one_call_for_functions_that_want_that(
    kind: str, sent: Any, seen: Any, expected: Any, serve: Any
) -> None:
    found: list[Any] = []
    is_good = [True]

    def call(events: list[CloudEvent]) -> None:
        found.append([event.data for event in events])
        if not is_good[0]:
            raise Crash

    handler = serve(kind, call, decorate=functions_framework.cloud_event(batch=True))
    assert handler(sent, Context()) == expected
    assert found == seen
    is_good[0] = False
    with pytest.raises(EventsFailed):
        handler(sent, Context())


@every_kind
def test_functions_take_events_by_type(kind: str, serve: Any) -> None:
    seen: list[Any] = []

    def call(event: CloudEvent) -> None:
        seen.append(event["type"])

    wanted = functions_framework.cloud_event(type=["com.amazonaws.s3.*", "Scheduled Event"])
    handler = serve(kind, call, decorate=wanted)
    assert handler(payload("s3"), Context()) is None
    assert handler(payload("scheduled"), Context()) is None
    assert handler(payload("sqs"), Context()) == failures()  # dropped: nobody takes them
    assert seen == ["com.amazonaws.s3.ObjectCreated:Put", "Scheduled Event"]


@pytest.mark.parametrize("kind", ["def"])
def test_messages_of_a_queue_are_handled_at_the_same_time(kind: str, serve: Any) -> None:
    together = threading.Barrier(2, timeout=10)

    def call(event: CloudEvent) -> None:
        assert event is not None
        together.wait()

    assert serve(kind, call)(sqs("a", "b"), Context()) == failures()


@pytest.mark.parametrize(
    ("queue", "expected"), [("q.fifo", failures("m2", "m3")), ("q", failures("m2"))]
)
@every_kind
def test_what_the_time_does_not_suffice_for_comes_again(
    kind: str, queue: str, expected: Any, make: Any
) -> None:
    """Lambda itself would end the call without a response, and all would come again."""

    def call(event: CloudEvent) -> None:
        while event.data == "slow":
            time.sleep(0.01)

    async def call_async(event: CloudEvent) -> None:
        await asyncio.sleep(30 if event.data == "slow" else 0)

    function = functions_framework.cloud_event(call if kind == "def" else call_async)
    sent = sqs("ok", "slow", "ok", queue=queue)
    assert make(function)(sent, Context(seconds=1.0)) == expected


@every_kind
def test_the_samples_are_payloads_of_invokes(kind: str, serve: Any) -> None:
    seen: list[Any] = []

    def call(event: CloudEvent) -> None:
        seen.append(event["type"])

    handler = serve(kind, call)
    samples = [catalogue.find(name) for name in catalogue.names()]
    samples = [sample for sample in samples if sample.invocation is not None]
    for sample in samples:
        sent = json.loads(json.dumps(forms.invocation(sample, {})))
        assert handler(sent, Context()) in (failures(), None)
    assert seen == [sample.kind for sample in samples]
