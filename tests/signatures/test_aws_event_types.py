"""Decoded events of AWS services, made of what Lambda sends and of what the builders make."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from functions_framework import (
    DynamoDBChange,
    InvalidEventData,
    KafkaRecord,
    KinesisRecord,
    S3Object,
    SnsMessage,
    SqsMessage,
    testing,
)
from functions_framework.events.samples import catalogue, forms
from functions_framework.model.message import Message
from functions_framework.platforms.aws_lambda.batch import events_of
from functions_framework.signatures.cloud_event import received
from functions_framework.signatures.event_types.event_value import Arrived
from support import aws_events
from support.aws_events import payload, sqs

pytestmark = pytest.mark.once


def values(cls: Any, sent: Any) -> list[Any]:
    """The values that a function would be called with."""
    messages = [delivery.message for delivery in events_of(sent)]
    return [cls.read(Arrived(*received(message), message)) for message in messages]


def test_messages_of_a_queue() -> None:
    first, second = values(SqsMessage, payload("sqs"))
    assert (first.text, first.data, first.queue) == ("Test message.", b"Test message.", "my-queue")
    assert first.attributes == {"myAttribute": "myValue", "Retries": "3", "Blob": "AAE="}
    assert first.message_id == first.event.id == "059f36b4-87a3-44ab-83d2-661975830001"
    assert (second.json, second.text, second.receive_count) == ({"order": 17}, '{"order": 17}', 3)
    assert (second.attributes, second.group_id, second.sequence_number) == ({}, "", "")
    fifo = values(SqsMessage, payload("sqs_fifo"))[0]
    assert (fifo.group_id, fifo.sequence_number) == ("1", "18849670286179929656")


BODIES = ['{ "b": 1e2,\t"a": [ 1 ] }', '"text"', "17", "null", "ünï", "{", " a "]


@pytest.mark.parametrize("body", BODIES)
def test_the_text_of_a_message_is_its_body_to_the_letter(body: str) -> None:
    (message,) = values(SqsMessage, sqs(body))
    assert message.text == body
    (record,) = values(KinesisRecord, aws_events.kinesis(body.encode()))
    assert record.data == body.encode()


def test_json_in_base64_is_written_anew() -> None:
    event = {**testing.sqs_event({"a": 1}).get_attributes(), "data_base64": "eyAiYSI6IDEgfQ=="}
    message = Message("application/cloudevents+json", {}, json.dumps(event).encode())
    found: Any = SqsMessage.read(Arrived(*received(message), message))
    assert (found.data, found.json) == (b'{"a":1}', {"a": 1})


def test_messages_of_a_topic() -> None:
    (message,) = values(SnsMessage, payload("sns"))
    assert (message.text, message.subject) == ("Hello from SNS!", "TestInvoke")
    assert message.topic == "arn:aws:sns:us-east-2:123456789012:sns-lambda"
    assert message.attributes == {"Test": "TestString", "TestBinary": "VGVzdA=="}
    assert message.message_id == message.event.id
    assert SnsMessage.from_event(testing.sns_event({"a": 1}, {"b": "c"})).json == {"a": 1}


def test_objects_of_a_bucket() -> None:
    (found,) = values(S3Object, payload("s3"))
    assert (found.bucket, found.key) == ("DOC-EXAMPLE-BUCKET", "folder/red flowerä.jpg")
    assert found.uri == "s3://DOC-EXAMPLE-BUCKET/folder/red flowerä.jpg"
    assert (found.size, found.etag) == (1305107, "b21b84d653bb07b05b1e6b33684dc11b")
    assert (found.region, found.sequencer) == ("us-west-2", "0C0F6F405D6ED209E1")
    assert found.version_id == "096fKKXTRTtl3on89fVO.nfljtsv6qko"
    assert found.event.type == "com.amazonaws.s3.ObjectCreated:Put"
    gone = S3Object.from_event(testing.s3_event("photos", "a+b c/ü.jpg", "deleted"))
    assert (gone.uri, gone.size, gone.etag) == ("s3://photos/a+b c/ü.jpg", 0, "")


def test_records_of_a_stream() -> None:
    first, second, third = values(KinesisRecord, payload("kinesis"))
    assert (first.text, first.stream, first.partition_key) == (
        "Hello, this is a test.",
        "lambda-stream",
        "1",
    )
    assert (second.json, third.data) == ({"temperature": 21.5}, b"\xff\x00\x01")
    assert second.sequence_number == payload("kinesis")["Records"][1]["kinesis"]["sequenceNumber"]
    assert KinesisRecord.from_event(testing.kinesis_event(b"\x00")).data == b"\x00"


def test_records_of_kafka_are_those_of_knatives_source() -> None:
    first, second, third = values(KafkaRecord, payload("kafka"))
    assert (first.json, first.topic, first.partition, first.offset) == (
        {"order": 17},
        "mytopic",
        0,
        15,
    )
    assert (first.key, first.headers) == ("recordKey", {"tenant": "schön"})
    assert (second.text, third.data, third.key) == ("Hello", b"", None)


def test_changes_of_a_table() -> None:
    created, updated, deleted = values(DynamoDBChange, payload("dynamodb"))
    assert (created.before, created.after) == (None, {"Message": "New item!", "Id": 101})
    assert (updated.table, updated.keys, updated.changed) == (
        "ExampleTable",
        {"Id": 101},
        ["Message"],
    )
    assert updated.before == created.after
    assert (deleted.before, deleted.after) == (updated.after, None)
    assert deleted.changed == ["Id", "Message"]
    assert (deleted.is_expired, deleted.sequence_number) == (False, "311")


VALUES: dict[str, tuple[Any, Any]] = {
    "text": ({"S": ""}, ""),
    "zero": ({"N": "0"}, 0),
    "half": ({"N": "-0.5"}, -0.5),
    "exact": ({"N": "0.12345678901234567890123"}, Decimal("0.12345678901234567890123")),
    "long": ({"N": "12345678901234567890123456789012345678"},
             12345678901234567890123456789012345678),
    "large": ({"N": "1e125"}, 10**125),
    "small": ({"N": "1E-130"}, 1e-130),
    "bytes": ({"B": "aGk="}, b"hi"),
    "no": ({"BOOL": False}, False),
    "null": ({"NULL": True}, None),
    "list": ({"L": [{"N": "1"}, {"L": []}]}, [1, []]),
    "map": ({"M": {"a": {"M": {}}}}, {"a": {}}),
    "texts": ({"SS": ["a", "b"]}, {"a", "b"}),
    "numbers": ({"NS": ["1", "2.5"]}, {1, 2.5}),
    "blobs": ({"BS": ["aGk="]}, {b"hi"}),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_of_an_item_are_plain(name: str) -> None:
    sent, expected = VALUES[name]
    change: Any = DynamoDBChange.from_event(testing.dynamodb_event(new_image={"a": sent}))
    assert change.after == {"a": expected}
    assert type(change.after["a"]) is type(expected)


def test_an_item_whose_time_was_over() -> None:
    event = testing.dynamodb_event(action="deleted")
    event.data["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert DynamoDBChange.from_event(event).is_expired


BAD: list[tuple[Any, Any, str]] = [
    (SqsMessage, testing.cloud_event("com.example", 1), "its type isn't one of com.amazonaws.sqs."),
    (SnsMessage, testing.sample_event("sns", {"Message": 5}), "MessageId: The field is required"),
    (S3Object, testing.sample_event("s3", {"s3": {}}), "s3.bucket: The field is required"),
    (S3Object, testing.sample_event("s3", "s3cret"), "Expected `object`, got `str`"),
    (DynamoDBChange, testing.dynamodb_event(new_image={"a": {"N": "s3cret"}}), "Expected a number"),
    (DynamoDBChange, testing.dynamodb_event(new_image={"a": {"N": "1e999999999"}}), "a number in"),
    (DynamoDBChange, testing.dynamodb_event(new_image={"a": {"N": "NaN"}}), "a number in"),
    (DynamoDBChange, testing.dynamodb_event(new_image={"a": {"X": "s3cret"}}), "NewImage.a"),
    (DynamoDBChange, testing.dynamodb_event(new_image={"a": {"B": "s3cret!"}}), "Invalid base64"),
]


@pytest.mark.parametrize(("cls", "event", "text"), BAD)
def test_what_does_not_fit_is_named_and_not_repeated(cls: Any, event: Any, text: str) -> None:
    with pytest.raises(InvalidEventData) as raised:
        cls.from_event(event)
    assert text in str(raised.value)
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("attributes", ["{", "[]", '{"a": 1}', "[" * 100_000])
def test_message_attributes_that_are_none(attributes: str) -> None:
    event = testing.sqs_event("x")
    event["messageattributes"] = attributes
    with pytest.raises(InvalidEventData, match="messageattributes: Expected a JSON object of"):
        SqsMessage.from_event(event)


IN_LAMBDA = [name for name in catalogue.names() if catalogue.find(name).invocation is not None]


def test_there_are_samples_of_every_service() -> None:
    assert set(IN_LAMBDA) >= {"sqs", "sns", "s3", "eventbridge", "kinesis", "dynamodb"}


OF_CONTENT = ["sqs", "kinesis", "eventbridge", "eventbridge-scheduled"]
"""Others' data is the record that the attributes are made of."""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        *[(name, forms.UNSET) for name in IN_LAMBDA],
        *[(name, {"other": ["ü", 1.5]}) for name in OF_CONTENT],
    ],
)
def test_the_payload_of_a_sample_is_its_event(name: str, data: Any) -> None:
    sample = catalogue.find(name)
    sent = json.loads(json.dumps(forms.invocation(sample, {}, data)))
    event, _ = received(events_of(sent)[0].message)
    expected = forms.cloud_event(sample, {}, data)
    found, wanted = dict(event.get_attributes()), dict(expected.get_attributes())
    assert found.pop("time").replace(".000Z", "Z") == wanted.pop("time")
    assert found.pop("id").startswith(wanted.pop("id"))
    assert found == wanted
    assert event.data == expected.data
