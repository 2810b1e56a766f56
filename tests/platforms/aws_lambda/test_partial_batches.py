"""Partial batch responses: what Lambda is told of a payload whose events ended as they did."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.exceptions import Drop, Retry
from functions_framework.hosts.batches import NOT_BEGUN, Answered
from functions_framework.hosts.errors import CRASH_REPLY, TIMEOUT_REPLY
from functions_framework.hosts.verdicts import DUPLICATE
from functions_framework.model.execution import Execution
from functions_framework.model.message import EVENT_TAKEN, TEXT, Reply
from functions_framework.platforms.aws_lambda.batch import (
    EventsFailed,
    answer_of,
    events_of,
    is_ordered,
    refused,
)
from support.aws_events import kinesis, payload, sqs

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.once


def decided(verdict: str, status: int) -> Answered:
    """An event that its function decided about."""
    running = Execution()
    running.verdict = verdict
    return Answered(Reply(status, [TEXT], b""), running, 0.0)


OK = Answered(EVENT_TAKEN, Execution(), 0.0)
DROPPED = decided(Drop.outcome, 200)
REPEATED = decided(DUPLICATE, 200)
RETRY = decided(Retry.outcome, 503)
CRASH = Answered(CRASH_REPLY, Execution(), 0.0)
LATE = Answered(TIMEOUT_REPLY, Execution(), 0.0)
REFUSED = Answered(Reply(400, [TEXT], b"The event is not an Order: id: missing.\n"), None, 0.0)
DONE = [OK, DROPPED, REPEATED]
FAILED = [RETRY, CRASH, LATE, REFUSED, NOT_BEGUN, None]


def answered(sent: Any, *outcomes: Answered | None) -> Any:
    return answer_of(sent, events_of(sent), outcomes)


def failures(*identifiers: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": one} for one in identifiers]}


@pytest.mark.parametrize("failed", FAILED)
@pytest.mark.parametrize("done", DONE)
def test_of_a_queue_each_message_that_failed_comes_again(
    done: Answered, failed: Answered | None
) -> None:
    assert answered(sqs("a", "b", "c"), failed, done, failed) == failures("m1", "m3")


@pytest.mark.parametrize("failed", FAILED)
@pytest.mark.parametrize("done", DONE)
def test_of_a_fifo_queue_all_from_the_first_failure_on_come_again(
    done: Answered, failed: Answered | None
) -> None:
    sent = sqs("a", "b", "c", "d", queue="orders.fifo")
    assert is_ordered(sent)
    assert answered(sent, done, failed, None, None) == failures("m2", "m3", "m4")
    # Were it done all the same, it would still come again: its order counts.
    assert answered(sent, done, failed, done, done) == failures("m2", "m3", "m4")


@pytest.mark.parametrize("failed", FAILED)
def test_of_a_stream_the_first_failure_is_named(failed: Answered | None) -> None:
    sent = kinesis(b"a", b"b", b"c")
    assert is_ordered(sent)
    assert answered(sent, OK, failed, None) == failures("2")
    table = payload("dynamodb")
    assert is_ordered(table)
    assert answered(table, DROPPED, failed, None) == failures("211")


def test_of_kafka_the_first_failure_of_each_partition_is_named() -> None:
    sent = payload("kafka")
    first, second = (
        {"partition": "mytopic-0", "offset": 16},
        {"partition": "mytopic-1", "offset": 7},
    )
    assert answered(sent, OK, CRASH, OK) == failures(first)
    assert answered(sent, OK, CRASH, None) == failures(first, second)
    assert answered(sent, CRASH, OK, OK) == failures({"partition": "mytopic-0", "offset": 15})
    assert [one.lane for one in events_of(sent)] == ["mytopic-0", "mytopic-0", "mytopic-1"]


@pytest.mark.parametrize("failed", FAILED)
@pytest.mark.parametrize(
    ("name", "member"),
    [("pipes_sqs", "messageId"), ("pipes_kinesis", "eventID"), ("pipes_dynamodb", "eventID")],
)
def test_a_pipe_is_told_of_all_that_is_not_done(
    name: str, member: str, failed: Answered | None
) -> None:
    sent = payload(name)
    assert is_ordered(sent)
    _, *rest = [record[member] for record in sent]
    assert rest
    assert answered(sent, OK, failed, *[None] * (len(rest) - 1)) == failures(*rest)


def test_a_pipe_of_a_queue_is_told_of_each_message_that_failed() -> None:
    sent = sqs("a", "b", "c")["Records"]
    assert not is_ordered(sent)
    assert answered(sent, CRASH, OK, RETRY) == failures("m1", "m3")
    assert answered(sent, OK, OK, DROPPED) == failures()


def test_a_pipe_of_kafka_fails_as_a_whole() -> None:
    sent = payload("pipes_kafka")
    with pytest.raises(EventsFailed, match="1 of 3 events of aws:kafka"):
        answered(sent, OK, CRASH, OK)
    assert answered(sent, OK, OK, OK) is None


@pytest.mark.parametrize(
    "sent", [sqs("a", "b"), sqs("a", "b", queue="q.fifo"), kinesis(b"a", b"b")]
)
def test_nothing_comes_again_when_all_are_done(sent: Any) -> None:
    assert answered(sent, *[OK, DROPPED]) == failures()


@pytest.mark.parametrize("name", ["sqs", "sqs_fifo", "kinesis", "dynamodb", "kafka", "s3_deleted"])
def test_the_invocation_fails_when_all_events_have(name: str) -> None:
    sent = payload(name)
    number = len(events_of(sent))
    with pytest.raises(EventsFailed, match=rf"{number} of {number} events of aws:"):
        answered(sent, CRASH, *[None] * (number - 1))


@pytest.mark.parametrize("name", ["sns", "s3", "eventbridge", "scheduled", "cloudwatch_logs"])
@pytest.mark.parametrize("failed", FAILED)
def test_services_without_such_a_response_get_an_error(name: str, failed: Answered | None) -> None:
    with pytest.raises(EventsFailed, match="1 of 1 events"):
        answered(payload(name), failed)


@pytest.mark.parametrize("done", DONE)
def test_services_without_such_a_response_get_nothing_when_all_is_done(done: Answered) -> None:
    assert answered(payload("s3"), done) is None


def test_one_failure_of_several_fails_the_invocation_there() -> None:
    with pytest.raises(EventsFailed) as raised:
        answered(payload("s3_deleted"), OK, CRASH)
    assert str(raised.value) == "1 of 2 events of aws:s3 failed (1 error)."


def test_a_record_that_cannot_be_read_comes_again_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = sqs("a", "b", "c")
    sent["Records"][1]["body"] = None
    deliveries = events_of(sent)
    outcomes = [refused(one) if one.fault else OK for one in deliveries]
    with caplog.at_level(logging.WARNING):
        assert answer_of(sent, deliveries, outcomes) == failures("m2")
    assert [record.getMessage() for record in caplog.records] == [
        "Event 1 was refused: Record 1 of aws:sqs: The record has no text in body."
    ]
    fields: Any = caplog.records[0]
    assert fields.json_fields == {"index": 1, "itemIdentifier": "m2"}


def test_a_record_that_has_no_identifier_makes_the_whole_batch_come_again() -> None:
    sent = sqs("a", "b")
    del sent["Records"][1]["messageId"]
    with pytest.raises(EventsFailed, match="no identifier"):
        answered(sent, OK, REFUSED)


def test_a_failure_that_has_an_identifier_comes_again_beside_one_without() -> None:
    """Lambda takes an identifier that is null for a failure of the whole batch."""
    sent = sqs("a", "b", "c")
    sent["Records"][2] = {}
    with pytest.raises(EventsFailed, match="2 of 3"):
        answered(sent, OK, CRASH, REFUSED)


def outcomes_of(text: str) -> Sequence[Answered | None]:
    return [{"o": OK, "x": CRASH, "-": None}[one] for one in text]


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ("xx-", "3 of 3 events of aws:sqs failed (2 error, 1 timeout)."),
        ("x--", "3 of 3 events of aws:sqs failed (1 error, 2 timeout)."),
    ],
)
def test_the_error_counts_what_failed(outcomes: str, told: str) -> None:
    with pytest.raises(EventsFailed) as raised:
        answered(sqs("a", "b", "c"), *outcomes_of(outcomes))
    assert str(raised.value) == told
