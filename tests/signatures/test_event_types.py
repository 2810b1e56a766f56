"""Decoded events: type, sample and validation are one thing, in every form an event has."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import functions_framework
from functions_framework import (
    AuditLog,
    AuthUser,
    DatabaseChange,
    DynamoDBChange,
    EventGridEvent,
    FirestoreChange,
    GeoPoint,
    GitHubWebhook,
    InvalidEventData,
    KafkaRecord,
    KinesisRecord,
    PubSubMessage,
    S3Object,
    SchedulerJob,
    SnsMessage,
    SqsMessage,
    StorageObject,
    testing,
)
from functions_framework.events.patterns import fault_of, fits, overlap
from functions_framework.events.samples import catalogue, forms
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.message import Message
from functions_framework.signatures.cloud_event import received
from functions_framework.signatures.event_types.event_value import Arrived
from functions_framework.signatures.event_types.kinds import HOMES

if TYPE_CHECKING:
    from functions_framework.model.request import Request
    from functions_framework.signatures.event_types.event_value import EventValue

TYPES: dict[str, Any] = {name: getattr(functions_framework, name) for name in HOMES}
# Samples that no service's type is made of: any event, and those that are nobody's yet.
OTHERS = {"cloudevent", "eventarc", "analytics", "remote-config", "stripe"} | {
    "eventbridge",
    "eventbridge-scheduled",
}
TIME = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)


def _types_of(name: str) -> list[Any]:
    kind = catalogue.find(name).kind
    own = [one for one in TYPES.values() if one is not EventGridEvent]
    return [one for one in own if any(fits(kind, pattern) for pattern in one.event_types)]


SAMPLES = {name: _types_of(name)[0] for name in catalogue.names() if _types_of(name)}


def test_every_sample_is_of_one_type_and_every_type_has_a_sample() -> None:
    assert set(catalogue.names()) == SAMPLES.keys() | OTHERS | {"event-grid"}
    assert {len(_types_of(name)) for name in SAMPLES} == {1}
    assert {*SAMPLES.values(), EventGridEvent} == set(TYPES.values())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_type_has_a_field_for_all_that_is_in_its_sample(name: str) -> None:
    wire = SAMPLES[name].wire()
    if wire is object or SAMPLES[name] is GitHubWebhook:
        return
    _check_known(wire, forms.cloud_event(catalogue.find(name), {}).data)


def _check_known(kind: Any, data: Any) -> None:
    if hasattr(kind, "__struct_fields__"):
        fields = {item.encode_name: item.type for item in msgspec.structs.fields(kind)}
        assert set(data) - {"@type"} <= fields.keys()
        for key in set(data) - {"@type"}:
            _check_known(fields[key], data[key])


def message_of(request: Request) -> Message:
    fields = {name.lower(): value for name, value in request.headers}
    attributes = {name[3:]: value for name, value in fields.items() if name[:3] == "ce-"}
    return Message(
        fields.get("content-type"), attributes, request.body, request.path, fields=fields
    )


def read(cls: type[EventValue], message: Message) -> Any:
    event, payload = received(message)
    return cls.read(Arrived(event, payload, message))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (name, form)
        for name in SAMPLES
        for form in forms.forms_of(catalogue.find(name))
        if form != "binary"
    ],
)
def test_every_form_of_a_sample_is_the_same_value(name: str, form: str) -> None:
    cls, sample = SAMPLES[name], catalogue.find(name)
    value = read(cls, message_of(forms.request_in(form, sample, {})))
    binary = read(cls, message_of(forms.request_in("binary", sample, {})))
    assert type(value) is cls
    assert value.event.type == binary.event.type == sample.kind
    # What only this form says: the body as it came, the subscription that delivers.
    forgotten = {"signature": "", "body": b"", "subscription": ""}
    known = {key: item for key, item in forgotten.items() if hasattr(value, key)}
    if cls is SchedulerJob:  # the sample's body has spaces in one of its forms
        known["data"] = b""
        assert value.json == binary.json
    assert msgspec.structs.replace(value, **known) == msgspec.structs.replace(binary, **known)


def test_pubsub_messages() -> None:
    push = forms.pushed(
        catalogue.find("pubsub"), {"attributes": {"a": "b"}, "ordering_key": "k", "message": "[1]"}
    )
    body = {**json.loads(push.body), "deliveryAttempt": 5}
    message = read(PubSubMessage, message_of(push._replace(body=json.dumps(body).encode())))
    assert (message.data, message.text, message.json) == (b"[1]", "[1]", [1])
    assert (message.attributes, message.ordering_key) == ({"a": "b"}, "k")
    assert (message.message_id, message.publish_time) == ("1096434104173400", TIME)
    assert message.subscription == "projects/my-project/subscriptions/my-subscription"
    assert message.delivery_attempt == 5
    assert message.event.id == message.message_id
    with pytest.raises(ValueError, match="The data is not JSON: "):
        _ = PubSubMessage(data=b"Hello").json


@pytest.mark.parametrize("absent", [{}, {"attributes": None, "orderingKey": None, "data": None}])
def test_a_pubsub_message_of_attributes_only(absent: dict[str, Any]) -> None:
    event = testing.sample_event("pubsub", {"message": {"messageId": "7", **absent}})
    message: PubSubMessage = PubSubMessage.from_event(event)
    assert (message.data, message.attributes, message.delivery_attempt) == (b"", {}, None)


def test_storage_objects() -> None:
    found = StorageObject.from_event(testing.storage_event("photos", "a/cat.jpg", size=3))
    assert (found.uri, found.size, found.time_created) == ("gs://photos/a/cat.jpg", 3, TIME)
    assert found.event.subject == "objects/a/cat.jpg"
    assert found.event.attributes["bucket"] == "photos"


VALUES: dict[str, tuple[Any, Any]] = {
    "null": ({"nullValue": None}, None),
    "yes": ({"booleanValue": True}, True),
    "no": ({"booleanValue": False}, False),
    "zero": ({"integerValue": "0"}, 0),
    "half": ({"doubleValue": 0.5}, 0.5),
    "infinite": ({"doubleValue": "-Infinity"}, float("-inf")),
    "time": ({"timestampValue": "2026-01-01T00:00:00.000000Z"}, TIME),
    "text": ({"stringValue": ""}, ""),
    "bytes": ({"bytesValue": "aGk="}, b"hi"),
    "other": ({"referenceValue": "projects/p/databases/d/documents/a/b"},
              "projects/p/databases/d/documents/a/b"),
    "place": ({"geoPointValue": {"latitude": 1.5}}, GeoPoint(1.5, 0)),
    "list": ({"arrayValue": {"values": [{"integerValue": "1"}, {"stringValue": "x"}]}}, [1, "x"]),
    "empty": ({"arrayValue": {}}, []),
    "map": ({"mapValue": {"fields": {"a": {"mapValue": {}}}}}, {"a": {}}),
}  # fmt: skip


BUILDERS: dict[Any, Any] = {
    AuditLog: testing.audit_log_event,
    AuthUser: testing.auth_event,
    DatabaseChange: testing.database_event,
    DynamoDBChange: testing.dynamodb_event,
    EventGridEvent: testing.event_grid_event,
    FirestoreChange: testing.firestore_event,
    GitHubWebhook: testing.github_event,
    KafkaRecord: testing.kafka_event,
    KinesisRecord: testing.kinesis_event,
    PubSubMessage: testing.pubsub_message,
    S3Object: testing.s3_event,
    SchedulerJob: testing.scheduler_event,
    SnsMessage: testing.sns_event,
    SqsMessage: testing.sqs_event,
    StorageObject: testing.storage_event,
}


def test_every_type_has_a_builder_of_events() -> None:
    assert set(BUILDERS) == set(TYPES.values())
    assert all(type(cls.from_event(make())) is cls for cls, make in BUILDERS.items())


def test_firestore_values_are_plain() -> None:
    given = {name: pair[0] for name, pair in VALUES.items()}
    change: FirestoreChange = FirestoreChange.from_event(
        testing.firestore_event("users/ada", fields=given)
    )
    assert change.after == {name: pair[1] for name, pair in VALUES.items()}
    assert (change.path, change.changed) == ("users/ada", ["count"])
    assert change.before == {"name": "Ada", "count": 3}


@pytest.mark.parametrize(
    ("action", "before", "after"), [("created", False, True), ("deleted", True, False)]
)
@pytest.mark.parametrize("absent", [None, {}])
def test_a_document_that_was_created_or_deleted(
    action: Any, before: bool, after: bool, absent: Any
) -> None:
    event = testing.firestore_event(action=action)
    event.data["value" if before else "oldValue"] = absent
    change: FirestoreChange = FirestoreChange.from_event(event)
    assert (change.before is not None, change.after is not None) == (before, after)
    assert change.path == "users/ada"


def test_firestore_in_protobuf_is_the_same_value() -> None:
    firestore = pytest.importorskip("google.events.cloud.firestore_v1")
    sample = catalogue.find("firestore")
    given = {name: pair[0] for name, pair in VALUES.items()}
    event = forms.cloud_event(sample, {"fields": given})
    expected: FirestoreChange = FirestoreChange.from_event(event)
    sent = firestore.DocumentEventData.from_json(json.dumps(event.data))
    event["datacontenttype"] = "application/protobuf"
    event.data = firestore.DocumentEventData.serialize(sent)
    change: FirestoreChange = FirestoreChange.from_event(event)
    assert (change.after, change.before) == (expected.after, expected.before)
    assert change == expected
    event.data = b"\xff\xff"
    with pytest.raises(InvalidEventData, match="is not the message that application/protobuf says"):
        FirestoreChange.from_event(event)
    event["datacontenttype"] = "text/plain"
    with pytest.raises(InvalidEventData, match="neither JSON nor application/protobuf"):
        FirestoreChange.from_event(event)


def test_protobuf_without_its_package_is_not_a_fault_of_the_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "google.events.cloud.firestore_v1", None)
    event = testing.firestore_event()
    event["datacontenttype"], event.data = "application/protobuf", b"x"
    with pytest.raises(InvalidConfigurationException, match=r"functions-framework.google-events"):
        FirestoreChange.from_event(event)


def test_firebase_users_and_values() -> None:
    user = AuthUser.from_event(testing.auth_event(uid="u1"))
    assert (user.uid, user.email, user.metadata.create_time) == ("u1", "ada@example.com", TIME)
    assert user.provider_data[0].provider_id == "password"
    change = DatabaseChange.from_event(
        testing.database_event(
            "a/b", before={"x": 1, "y": {"z": 2}}, delta={"y": {"z": None, "w": 3}}
        )
    )
    assert (change.ref, change.instance) == ("a/b", "my-project")
    assert change.before == {"x": 1, "y": {"z": 2}}
    assert change.after == {"x": 1, "y": {"w": 3}}
    gone = testing.database_event(before={"x": 1}, delta={"x": None})
    assert DatabaseChange.from_event(gone).after is None


def test_audit_logs_jobs_and_records() -> None:
    log = AuditLog.from_event(testing.audit_log_event(service="s.googleapis.com", method_name="m"))
    assert (log.service, log.method, log.principal) == ("s.googleapis.com", "m", "ada@example.com")
    assert log.resource_name == "projects/my-project/topics/my-topic"
    job: SchedulerJob = SchedulerJob.from_event(testing.sample_event("scheduler", job="nightly"))
    assert (job.job, job.json, job.schedule_time) == ("nightly", {"task": "nightly"}, TIME)
    event = testing.sample_event("kafka", topic="orders", partition=3, offset=17)
    del event["key"]
    event["kafkaheadertenant"] = "a"
    event["kafkaheaderempty"] = None
    record: KafkaRecord = KafkaRecord.from_event(event)
    assert (record.topic, record.partition, record.offset, record.key) == ("orders", 3, 17, None)
    assert (record.headers, record.json) == ({"tenant": "a"}, {"order": 1})


def test_github_webhooks() -> None:
    request = forms.pushed(catalogue.find("github"), {"secret": "s3cret"})
    hook = read(GitHubWebhook, message_of(request))
    assert (hook.name, hook.action, hook.repository) == ("push", "", "octo-org/octo-repo")
    assert (hook.sender, hook.payload["ref"]) == ("octocat", "refs/heads/main")
    assert hook.is_signed_with("s3cret")
    assert not hook.is_signed_with(b"other")
    assert not msgspec.structs.replace(hook, signature="").is_signed_with("s3cret")
    assert not msgspec.structs.replace(hook, signature="sha256=\xe9").is_signed_with("s3cret")


BAD: list[tuple[Any, str, Any, str]] = [
    (PubSubMessage, "pubsub", {}, "message: The field is required."),
    (PubSubMessage, "pubsub", {"message": {"data": "s3cret!"}}, "message.data: Invalid base64"),
    (PubSubMessage, "pubsub", {"message": {"attributes": {"a": ["s3cret"]}}}, "message.attributes"),
    (PubSubMessage, "pubsub", None, "the data: Expected `object`, got `null`."),
    (PubSubMessage, "pubsub", "s3cret", "the data: Expected `object`, got `str`."),
    (PubSubMessage, "storage", {}, "its type isn't one of google.cloud.pubsub.topic.v1."),
    (StorageObject, "storage", {"size": "s3cret"},
     "name: The field is required; size: Expected `int`, got `str`."),
    (StorageObject, "storage", b"s3cret", "neither JSON nor application/protobuf"),
    (FirestoreChange, "firestore", {"value": {"fields": {"a": {"integerValue": "s3cret"}}}},
     "value.fields.a.integerValue: Expected `int"),
    (FirestoreChange, "firestore", {"value": {"fields": {"a": {"s": 1}}}}, "value.fields.a"),
    (AuthUser, "auth", {"emailVerified": 7, "uid": 5}, "uid: Expected `str`, got `int`"),
    (AuditLog, "audit-log", {"protoPayload": {}}, "protoPayload.serviceName: The field is"),
    (DatabaseChange, "database", [], "the data: Expected `object`, got `array`"),
    (SchedulerJob, "scheduler", {"customData": 1}, "customData: Expected `bytes`, got `int`"),
    (GitHubWebhook, "github", {"repository": 1}, "repository: Expected `object`, got `int`"),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "sample", "data", "text"), BAD)
def test_what_does_not_fit_is_named_and_not_repeated(
    cls: Any, sample: str, data: Any, text: str
) -> None:
    with pytest.raises(InvalidEventData) as caught:
        cls.from_event(testing.sample_event(sample, data))
    said = str(caught.value)
    assert text in said
    assert said.startswith(f"The event is not a{'n' if cls.__name__[0] == 'A' else ''} ")
    assert "s3cret" not in said
    assert "\n" not in said
    assert caught.value.http_status == 400


def test_a_kafka_record_says_where_it_was() -> None:
    event = testing.sample_event("kafka")
    event["subject"] = "elsewhere"
    with pytest.raises(InvalidEventData, match="subject: Expected 'partition:NUMBER#OFFSET'"):
        KafkaRecord.from_event(event)


def test_many_faults_are_counted_and_depth_is_refused() -> None:
    data = {"bucket": 1, "name": 2, "etag": 3, "kind": 4, "id": 5}
    with pytest.raises(InvalidEventData, match=r"; and 2 more\.$"):
        StorageObject.from_event(testing.sample_event("storage", data))
    deep: Any = {"stringValue": "x"}
    for _ in range(5000):
        deep = {"arrayValue": {"values": [deep]}}
    event = testing.firestore_event()
    event.data["value"]["fields"] = {"a": deep}
    with pytest.raises(InvalidEventData, match="nested too deeply"):
        FirestoreChange.from_event(event)


def test_a_value_that_a_test_made_has_no_event() -> None:
    with pytest.raises(AttributeError, match="PubSubMessage was made without an event"):
        _ = PubSubMessage(data=b"x").event


def test_a_time_that_is_none_is_left_out() -> None:
    event = testing.storage_event()
    event["time"] = "yesterday"
    assert StorageObject.from_event(event).event.time is None


@pytest.mark.parametrize(
    ("first", "second", "is_fit", "is_overlap"),
    [
        ("a.b", "a.b", True, True),
        ("a.b", "a.*", True, True),
        ("a.*", "a.b", False, True),
        ("a.b.*", "a.*", True, True),
        ("ab", "a.*", False, False),
        ("a.b", "*", True, True),
        ("*", "a.b", False, True),
        ("a.*", "b.*", False, False),
    ],
)
def test_patterns(first: str, second: str, is_fit: bool, is_overlap: bool) -> None:
    assert (fits(first, second), overlap(first, second)) == (is_fit, is_overlap)


@pytest.mark.parametrize("pattern", ["", " a", 7, None, "a.*.b", "a*", "*.a", "**", "a.**"])
def test_what_is_not_a_pattern(pattern: Any) -> None:
    assert fault_of(pattern)
    assert not any(map(fault_of, ["a", "a.*", "*", "com.github.push"]))
