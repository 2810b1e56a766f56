"""Events of AWS services as CloudEvents and as background events, after AWS's own examples."""

from __future__ import annotations

import base64
import copy
import gzip
import json
from typing import Any

import pytest

from functions_framework.events import cloudevents
from functions_framework.exceptions import InvalidPayload, MalformedRequest
from functions_framework.model.function import Function, Signature
from functions_framework.platforms.aws_lambda.batch import events_of
from functions_framework.signatures import codec_of
from support import aws_events
from support.aws_events import payload, sqs

pytestmark = pytest.mark.once

QUEUE = "arn:aws:sqs:us-east-2:123456789012:my-queue"
BUCKET = "aws:s3.us-west-2.DOC-EXAMPLE-BUCKET"
REQUEST = (
    "D82B88E5F771F645.vlR7PnpV2Ce81l0PRw6jlUpck7Jo5ZsQjryTjKlc5aLWGVHPZLj5NeC6qMa0emYBDXOo6QBU0Wo="
)
TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/ExampleTable/stream/2015-06-27T00:48:05.899"
STREAM = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
CLUSTER = (
    "arn:aws:kafka:us-east-2:123456789012:cluster/"
    "vpc-2priv-2pub/751d2973-a626-431c-9d4e-d7975eb44dd7-2"
)
SEQUENCE = "4959033827149025660855969253836157109592157598913658000"

# File, index of the record, all attributes but the version, and the data; None: the record itself.
CASES: list[tuple[str, int, dict[str, str], Any]] = [
    (
        "sqs",
        0,
        {
            "type": "com.amazonaws.sqs.Message",
            "source": QUEUE,
            "id": "059f36b4-87a3-44ab-83d2-661975830001",
            "time": "2018-12-17T21:37:29.183Z",
            "datacontenttype": "text/plain",
            "messageattributes": '{"myAttribute": "myValue", "Retries": "3", "Blob": "AAE="}',
            "receivecount": "1",
        },
        "Test message.",
    ),
    (
        "sqs",
        1,
        {
            "type": "com.amazonaws.sqs.Message",
            "source": QUEUE,
            "id": "059f36b4-87a3-44ab-83d2-661975830002",
            "time": "2018-12-17T21:37:29.183Z",
            "datacontenttype": "application/json",
            "receivecount": "3",
        },
        {"order": 17},
    ),
    (
        "sqs_fifo",
        1,
        {
            "type": "com.amazonaws.sqs.Message",
            "source": "arn:aws:sqs:us-east-2:123456789012:fifo.fifo",
            "id": "059f36b4-87a3-44ab-83d2-661975830002",
            "time": "2018-12-17T21:37:29.183Z",
            "datacontenttype": "text/plain",
            "partitionkey": "1",
            "sequence": "18849670286179929657",
            "receivecount": "1",
        },
        "second",
    ),
    (
        "sns",
        0,
        {
            "type": "com.amazonaws.sns.Notification",
            "source": "arn:aws:sns:us-east-2:123456789012:sns-lambda:"
            "21be56ed-a058-49f5-8c98-aedd2564c486",
            "id": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
            "time": "2019-01-02T12:45:07.000Z",
            "subject": "TestInvoke",
            "datacontenttype": "application/json",
        },
        payload("sns")["Records"][0]["Sns"],
    ),
    (
        "s3",
        0,
        {
            "type": "com.amazonaws.s3.ObjectCreated:Put",
            "source": BUCKET,
            "id": f"{REQUEST}.0C0F6F405D6ED209E1.096fKKXTRTtl3on89fVO.nfljtsv6qko"
            ".folder/red+flower%C3%A4.jpg",
            "time": "2019-09-03T19:37:27.192Z",
            "subject": "folder/red+flower%C3%A4.jpg",
            "datacontenttype": "application/json",
        },
        None,
    ),
    (
        "s3_deleted",
        1,
        {
            "type": "com.amazonaws.s3.ObjectRemoved:Delete",
            "source": BUCKET,
            "id": f"{REQUEST}.0C0F6F405D6ED209E2.b.jpg",
            "time": "2019-09-03T19:37:27.192Z",
            "subject": "b.jpg",
            "datacontenttype": "application/json",
        },
        None,
    ),
    (
        "eventbridge",
        0,
        {
            "type": "RDS DB Instance Event",
            "source": "aws.rds",
            "id": "fe8d3c65-xmpl-c5c3-2c87-81584709a377",
            "time": "2020-04-28T07:20:20Z",
            "subject": "arn:aws:rds:us-east-2:123456789012:db:rdz6xmpliljlb1",
            "datacontenttype": "application/json",
            "region": "us-east-2",
            "account": "123456789012",
        },
        payload("eventbridge")["detail"],
    ),
    (
        "scheduled",
        0,
        {
            "type": "Scheduled Event",
            "source": "aws.events",
            "id": "cdc73f9d-aea9-11e3-9d5a-835b769c0d9c",
            "time": "2019-03-01T01:23:45Z",
            "subject": "arn:aws:events:us-east-2:123456789012:rule/my-schedule",
            "datacontenttype": "application/json",
            "region": "us-east-2",
            "account": "123456789012",
        },
        {},
    ),
    (
        "scheduler",
        0,
        {
            "type": "Scheduled Event",
            "source": "aws.scheduler",
            "id": "d32c5kdc-1f64-4f0b-92ae-1e4b3c5e0b11",
            "time": "2026-01-02T12:45:07Z",
            "subject": "arn:aws:scheduler:us-east-2:123456789012:schedule/default/nightly",
            "datacontenttype": "application/json",
            "region": "us-east-2",
            "account": "123456789012",
        },
        {},  # sent as the text "{}"
    ),
    (
        "kinesis",
        1,
        {
            "type": "com.amazonaws.kinesis.Record",
            "source": STREAM,
            "id": f"shardId-000000000006:{SEQUENCE}2",
            "time": "2018-12-17T22:11:51.166Z",
            "datacontenttype": "application/json",
            "partitionkey": "1",
            "sequence": f"{SEQUENCE}2",
        },
        {"temperature": 21.5},
    ),
    (
        "kinesis",
        2,
        {
            "type": "com.amazonaws.kinesis.Record",
            "source": STREAM,
            "id": f"shardId-000000000006:{SEQUENCE}3",
            "time": "2018-12-17T22:10:50.987Z",
            "datacontenttype": "application/octet-stream",
            "partitionkey": "1",
            "sequence": f"{SEQUENCE}3",
        },
        b"\xff\x00\x01",
    ),
    (
        "dynamodb",
        1,
        {
            "type": "com.amazonaws.dynamodb.MODIFY",
            "source": TABLE,
            "id": "2",
            "time": "2018-12-17T22:10:50.000Z",
            "datacontenttype": "application/json",
            "sequence": "211",
        },
        None,
    ),
    (
        "kafka",
        0,
        {
            "type": "com.amazonaws.kafka.Record",
            "source": f"{CLUSTER}#mytopic",
            "id": "partition:0/offset:15",
            "time": "2018-12-17T22:10:50.987Z",
            "subject": "partition:0#15",
            "datacontenttype": "application/json",
            "key": "recordKey",
            "partitionkey": "recordKey",
            "kafkaheadertenant": "schön",
        },
        {"order": 17},
    ),
    (
        "kafka",
        2,
        {
            "type": "com.amazonaws.kafka.Record",
            "source": f"{CLUSTER}#mytopic",
            "id": "partition:1/offset:7",
            "time": "2018-12-17T22:10:50.987Z",
            "subject": "partition:1#7",
        },
        "nothing",
    ),
    (
        "kafka_self_managed",
        0,
        {
            "type": "com.amazonaws.kafka.Record",
            "source": "kafka:b-1.example.com:9092,b-2.example.com:9092#mytopic",
            "id": "partition:0/offset:1",
            "time": "2018-12-17T22:10:50.987Z",
            "subject": "partition:0#1",
            "datacontenttype": "application/octet-stream",
            "key": "recordKey",
            "partitionkey": "recordKey",
        },
        b"Hello",
    ),
    (
        "cloudwatch_logs",
        0,
        {
            "type": "com.amazonaws.logs.DATA_MESSAGE",
            "source": "aws:logs.123456789012.testLogGroup",
            "id": "testLogStream/eventId1",
            "time": "2015-08-24T19:03:07.000Z",
            "subject": "testLogStream",
            "datacontenttype": "application/json",
        },
        json.loads(
            gzip.decompress(base64.b64decode(payload("cloudwatch_logs")["awslogs"]["data"]))
        ),
    ),
]
every_case = pytest.mark.parametrize(
    ("name", "index", "attributes", "data"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)


def expected(name: str, index: int, data: Any) -> Any:
    """The data of a case."""
    if data == "nothing":
        return None
    return payload(name)["Records"][index] if data is None else data


@every_case
def test_a_record_is_a_cloud_event(
    name: str, index: int, attributes: dict[str, str], data: Any
) -> None:
    event = cloudevents.decode(events_of(payload(name))[index].message)
    assert event.get_attributes() == {"specversion": "1.0", **attributes}
    assert event.data == expected(name, index, data)
    headers, body = cloudevents.encode_binary(event)  # it can be sent on
    assert headers
    assert body or event.data in {None, ""}


@every_case
def test_a_record_is_a_background_event(
    name: str, index: int, attributes: dict[str, str], data: Any
) -> None:
    codec = codec_of(Function(print, "f", Signature.EVENT))
    given, context = codec.decode(events_of(payload(name))[index].message)
    assert given == expected(name, index, data)
    assert (context.event_id, context.event_type) == (attributes["id"], attributes["type"])
    assert (context.timestamp, context.resource) == (attributes["time"], attributes["source"])


def test_every_file_is_read_without_a_fault() -> None:
    assert {name: [d.fault for d in events_of(payload(name)) if d.fault] for name in _FILES} == {
        name: [] for name in _FILES
    }


_FILES = aws_events.NAMES


@pytest.mark.parametrize("name", ["sqs_with_sns", "sqs_with_eventbridge", "sqs_with_s3"])
def test_what_another_service_put_into_a_queue_is_the_body(name: str) -> None:
    sent = payload(name)
    event = cloudevents.decode(events_of(sent)[0].message)
    assert event["type"] == "com.amazonaws.sqs.Message"
    assert event.data == json.loads(sent["Records"][0]["body"])


def test_deletions_by_one_request_have_ids_of_their_own() -> None:
    sent = payload("s3_deleted")
    versions = copy.deepcopy(sent["Records"][0]), copy.deepcopy(sent["Records"][0])
    for number, record in enumerate(versions):
        record["s3"]["object"]["versionId"] = f"v{number}"
    found = events_of({"Records": [*sent["Records"], *versions]})
    assert len({cloudevents.decode(one.message)["id"] for one in found}) == 4


# What a pipe sends, and what an event source mapping sends of the same records.
PIPED = {
    "pipes_sqs": "sqs_fifo",
    "pipes_kinesis": "kinesis",
    "pipes_dynamodb": "dynamodb",
    "pipes_kafka": "kafka",
}


@pytest.mark.parametrize(("piped", "mapped"), PIPED.items())
def test_records_of_a_pipe_are_those_of_a_mapping(piped: str, mapped: str) -> None:
    found = [cloudevents.decode(one.message) for one in events_of(payload(piped))]
    wanted = [cloudevents.decode(one.message) for one in events_of(payload(mapped))]
    assert [event.get_attributes() for event in found] == [
        event.get_attributes() for event in wanted
    ]
    assert [event.data for event in found] == [event.data for event in wanted]


# -- CloudEvents in other events ------------------------------------------------------------------

OWN: dict[str, Any] = {
    "specversion": "1.0",
    "id": "7",
    "source": "/shop",
    "type": "com.example.order",
    "data": {"order": 17},
}


def with_sns(message: str, **attributes: str) -> Any:
    found = payload("sns")
    found["Records"][0]["Sns"] |= {
        "Message": message,
        "MessageAttributes": {
            name.replace("__", "-"): {"Type": "String", "Value": value}
            for name, value in attributes.items()
        },
    }
    return found


def with_kafka(value: bytes, *fields: dict[str, Any], **headers: str) -> Any:
    found = payload("kafka_self_managed")
    found["records"]["mytopic-0"][0] |= {
        "value": base64.b64encode(value).decode(),
        "headers": [
            *fields,
            *[{name.replace("__", "-"): list(text.encode())} for name, text in headers.items()],
        ],
    }
    return found


DASHES: dict[str, str] = {
    "ce__specversion": "1.0",
    "ce__id": "7",
    "ce__source": "/shop",
    "ce__type": OWN["type"],
}
UNDERSCORES = {name.replace("__", "_"): value for name, value in DASHES.items()}
ATTRIBUTES: list[Any] = [DASHES, UNDERSCORES]


@pytest.mark.parametrize(
    "sent",
    [
        sqs(json.dumps(OWN)),
        with_sns(json.dumps(OWN)),
        {**payload("eventbridge"), "detail": OWN},
        aws_events.kinesis(json.dumps(OWN).encode()),
        with_kafka(json.dumps(OWN).encode()),
        with_kafka(json.dumps(OWN).encode(), content__type="application/cloudevents+json"),
        *[sqs('{"order": 17}', **each) for each in ATTRIBUTES],
        *[with_sns('{"order": 17}', **each) for each in ATTRIBUTES],
        *[with_kafka(b'{"order": 17}', **each) for each in ATTRIBUTES],
        sqs('{"order": 17}', content__type="application/json", **DASHES),
    ],
)
def test_a_cloud_event_in_an_event_is_handed_over(sent: Any) -> None:
    event = cloudevents.decode(events_of(sent)[0].message)
    assert {name: event[name] for name in ("id", "source", "type")} == {
        name: OWN[name] for name in ("id", "source", "type")
    }
    assert event.data == OWN["data"]


@pytest.mark.parametrize(
    "members",
    [{"specversion": "1.0"}, {**OWN, "type": None}, {"specversion": "1.0", "id": "1", "type": "t"}],
)
def test_what_only_looks_like_a_cloud_event_is_data(members: Any) -> None:
    event = cloudevents.decode(events_of(sqs(json.dumps(members)))[0].message)
    assert event["type"] == "com.amazonaws.sqs.Message"
    assert event.data == members


def test_an_event_that_cannot_be_decoded_leaves_the_others_alone() -> None:
    body = json.dumps(OWN).replace("17", "9" * 5000)
    first, second = events_of(sqs(body, "x"))
    assert (first.fault, second.fault) == (None, None)
    with pytest.raises(MalformedRequest):
        cloudevents.decode(first.message)


def test_message_attributes_that_lack_one_of_an_event_are_refused() -> None:
    delivery = events_of(sqs("x", ce__specversion="1.0", ce__id="7"))[0]
    with pytest.raises(Exception, match="no source and no type"):
        cloudevents.decode(delivery.message)


@pytest.mark.parametrize(
    ("body", "declared", "data"),
    [
        ("Hello", "", "Hello"),
        ("17", "", 17),
        ("NaN", "", "NaN"),
        ('{"order": 17}', "text/plain", '{"order": 17}'),
        ('"text"', "application/json; charset=utf-8", "text"),
        ("<order/>", "application/xml", b"<order/>"),
        ('{"a": NaN}', "", '{"a": NaN}'),
        ('{"a": 1e999, "b": 123456789012345678901234567890}', "", None),
        ("[" * 100_000, "", "[" * 100_000),
        ("\ufeff{}", "", "\ufeff{}"),
        ("ünï", "", "ünï"),
    ],
)
def test_the_body_of_a_message_is_its_data(body: str, declared: str, data: Any) -> None:
    attributes = {"Content__Type": declared} if declared else {}
    event = cloudevents.decode(events_of(sqs(body, **attributes))[0].message)
    assert event.data == (json.loads(body) if data is None else data)


# -- what the message says of its call ------------------------------------------------------------


def test_a_message_brings_its_attempt_and_its_trace() -> None:
    first, second = events_of(payload("sqs"))
    assert first.message.header("x-amz-sqs-receive-count") == "1"
    assert first.message.header("x-amzn-trace-id") == (
        "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1"
    )
    assert second.message.fields == {"x-amz-sqs-receive-count": "3"}
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    delivery = events_of(sqs("x", traceparent=trace, tracestate="a=b"))[0]
    assert delivery.message.header("traceparent") == trace
    assert delivery.message.header("tracestate") == "a=b"


# -- what cannot be read --------------------------------------------------------------------------


def changed(name: str, **members: Any) -> Any:
    """A file with members of its first record replaced, None for none."""
    found = payload(name)
    found["Records"][0] |= members
    return found


FAULTS = [
    (changed("sqs", messageId=None), "Record 0 of aws:sqs: The record has no text in messageId."),
    (changed("sqs", body=17), "Record 0 of aws:sqs: The record has no text in body."),
    (changed("sqs", body="\ud800"), "half a surrogate pair"),
    (changed("sqs", eventSourceARN=""), "no text in eventSourceARN"),
    (changed("sns", Sns="secret"), "Record 0 of aws:sns: The record has no object in Sns."),
    (changed("sns", Sns={}), "no text in Sns.MessageId"),
    (changed("s3", s3=[]), "no text in s3.bucket.name"),
    (changed("kinesis", kinesis={"sequenceNumber": "1", "data": "§"}), "no base64 in kinesis.data"),
    (changed("kinesis", kinesis=None), "no text in kinesis.sequenceNumber"),
    (changed("dynamodb", eventName=7), "no text in eventName"),
    ({**payload("eventbridge"), "id": 7}, "no text in id"),
    ({"awslogs": {"data": "c2VjcmV0"}}, "isn't JSON packed by gzip"),
    ({"awslogs": {"data": base64.b64encode(gzip.compress(b"[]")[:-9]).decode()}}, "cut off"),
    ({"awslogs": {"data": base64.b64encode(gzip.compress(b"[]")).decode()}}, "text in logStream"),
    (
        {"eventSource": "aws:kafka", "records": {"t-0": [{"topic": "t", "partition": "0"}]}},
        "no number in partition and offset",
    ),
    ({"eventSource": "aws:kafka", "records": {"t-0": "secret"}}, "no number in partition"),
    (with_kafka(b"x", {"a": ["secret", "%zz"]}), "header whose value isn't a list of bytes"),
    (with_kafka(b"x", {"a": [1.5]}), "header whose value isn't a list of bytes"),
    (with_kafka(b"x", {"a": None}), "header whose value isn't a list of bytes"),
    (sqs("secret", content_type="application/json"), "is declared as JSON and isn't"),
]


@pytest.mark.parametrize(("sent", "told"), FAULTS)
def test_a_malformed_record_has_a_fault_without_values(sent: Any, told: str) -> None:
    fault = events_of(sent)[0].fault
    assert fault is not None
    assert told in str(fault)
    assert "secret" not in str(fault)
    assert "\n" not in str(fault)


def test_a_malformed_record_leaves_the_others_alone() -> None:
    sent = sqs("one", "two", "three")
    sent["Records"][1] = "secret"
    found = events_of(sent)
    assert [one.fault is None for one in found] == [True, False, True]
    assert [one.identifier for one in found] == ["m1", None, "m3"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (
            {"Records": [{"eventSource": "aws:secret", "a": 1}]},
            "its first record is an object with the keys 'eventSource', 'a'.",
        ),
        ({"Records": [{"eventSource": "aws:secret"}]}, "an object with the keys 'Records'"),
        ({"Records": []}, "Records is empty"),
        ({"Records": ["secret"]}, "its first record is a str"),
        (
            {"Records": [{"eventSource": ["secret"]}]},
            "record is an object with the keys 'eventSource'",
        ),
        ({"hello": "secret", "b": 1}, "an object with the keys 'hello', 'b'."),
        ({}, "an empty object"),
        ({"s" * 1_000_000: 1}, f"keys '{'s' * 40}'."),
        ({str(number): 1 for number in range(20)}, "and 8 more"),
        (["secret"], "a list"),
        ("secret", "a str"),
        (None, "a NoneType"),
        ({"records": {}}, "an object with the keys 'records'"),
        ({"awslogs": "secret"}, "an object with the keys 'awslogs'"),
    ],
)
def test_an_unknown_payload_is_named_by_its_keys(sent: Any, told: str) -> None:
    with pytest.raises(InvalidPayload) as raised:
        events_of(sent)
    assert told in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("records", [aws_events.kinesis(b"1")["Records"], []])
def test_a_tumbling_window_is_told_what_to_do(records: Any) -> None:
    """Sources: Lambda developer guide, "Implementing stateful stream processing"."""
    window = {"start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z"}
    sent = {"Records": records, "window": window, "state": {}, "isFinalInvokeForWindow": False}
    with pytest.raises(InvalidPayload, match="Take TumblingWindowInSeconds out"):
        events_of(sent)


def test_a_foreign_record_among_others_is_refused_alone() -> None:
    sent = sqs("one", "two")
    sent["Records"].append({"eventSource": "aws:unknown"})
    assert [one.fault is None for one in events_of(sent)] == [True, True, False]
