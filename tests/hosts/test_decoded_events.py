"""Functions whose parameters are decoded events, on every host and however the events arrive."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cloudevents.http import CloudEvent  # noqa: TC002 - read at run time

from functions_framework import (
    AuditLog,
    EventGridEvent,
    FirestoreChange,
    GitHubWebhook,
    PubSubMessage,
    SchedulerJob,
    StorageObject,
    testing,
)
from functions_framework.events import cloudevents
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import find
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Function, Signature
from functions_framework.signatures import codec_of
from functions_framework.signatures.cloud_event import CloudEventSignature
from support.in_memory import EVENT_HOSTS, Answer, serve
from support.typed_inputs import Order, Row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_framework.model.request import Request

seen: list[Any] = []
every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


def one(message: PubSubMessage) -> None:
    seen.append((message.text, message.attributes, message.event.type))


def with_event(message: PubSubMessage, event: CloudEvent) -> None:
    seen.append((message.text, event["id"]))


def after_event(event: CloudEvent, message: PubSubMessage) -> None:
    seen.append((message.text, event["id"]))


def with_default(message: PubSubMessage, retries: int = 3) -> None:
    seen.append((message.text, retries))


def written_out(message: "PubSubMessage[Order]") -> None:  # noqa: UP037
    seen.append(message.json)


def of_log(message: PubSubMessage[AuditLog]) -> None:
    seen.append((message.json.method, message.json.event.id))


def of_file(message: PubSubMessage[StorageObject]) -> None:
    seen.append((message.json.uri, message.json.size))


def of_row(change: FirestoreChange[Row]) -> None:
    seen.append((change.before, change.after))


def either(it: PubSubMessage | StorageObject) -> None:
    seen.append(type(it).__name__)


def background(message: PubSubMessage, context: Any) -> None:
    seen.append((message.text, message.message_id, context.event_type, context.event_id))


def many(messages: list[PubSubMessage]) -> None:
    seen.append([message.text for message in messages])


def grid(event: EventGridEvent) -> None:
    seen.append((event.event_type, event.topic[-9:], event.data["contentLength"], event.event.id))


def hook(hook: GitHubWebhook) -> None:
    seen.append((hook.name, hook.is_signed_with("It's a Secret to Everybody")))


def job(job: SchedulerJob) -> None:
    seen.append((job.job, job.json, job.event.id))


def send(
    host: str,
    call: Callable[..., Any],
    request: Request,
    signature: Signature = Signature.CLOUDEVENT,
) -> Answer:
    answer = serve(host, call, signature)
    return answer("POST", request.path, dict(request.headers), request.body)


def pubsub(form: str, **fields: Any) -> Request:
    return forms.request_in(form, find("pubsub"), {"message": "hi", **fields})


@every_host
@pytest.mark.parametrize("form", ["binary", "structured", "background", "push"])
@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (one, ("hi", {"a": "b"}, "google.cloud.pubsub.topic.v1.messagePublished")),
        (with_event, ("hi", "1096434104173400")),
        (after_event, ("hi", "1096434104173400")),
        (with_default, ("hi", 3)),
        (either, "PubSubMessage"),
    ],
)
def test_a_parameter_is_the_value(
    host: str, form: str, call: Callable[..., Any], expected: Any
) -> None:
    answer = send(host, call, pubsub(form, attributes={"a": "b"}))
    assert (answer.status, answer.body) == (200, b"OK")
    assert seen == [expected]


@every_host
@pytest.mark.parametrize("form", ["binary", "structured", "background", "push"])
def test_background_functions_name_one_for_their_data(host: str, form: str) -> None:
    assert send(host, background, pubsub(form), Signature.EVENT).status == 200
    identity = "1096434104173400"
    assert seen == [("hi", identity, "google.pubsub.topic.publish", identity)]


@every_host
def test_each_event_of_a_batch_is_decoded(host: str) -> None:
    bodies = [pubsub("structured", message=text).body for text in ("a", "b")]
    send_batch = serve(host, one, Signature.CLOUDEVENT)
    headers = {"content-type": "application/cloudevents-batch+json"}
    wrong = b'{"specversion": "1.0", "id": "9", "source": "/s", "type": "t"}'
    answer = send_batch("POST", "/", headers, b"[%b]" % b",".join([*bodies, wrong]))
    assert sorted(item[0] for item in seen) == ["a", "b"]
    assert answer.status == 400
    (failure,) = json.loads(answer.body)["batchItemFailures"]
    assert (failure["itemIdentifier"], failure["reason"]) == ("9", "refused")
    assert failure["detail"].startswith("The event is not a PubSubMessage: its type isn't one of")


@every_host
def test_content_in_brackets_is_checked_too(host: str) -> None:
    assert send(host, written_out, pubsub("push", message='{"id": 7}')).status == 200
    assert seen == [Order(7)]
    answer = send(host, written_out, pubsub("push", message='{"id": "s3cret"}'))
    assert answer.status == 400
    assert answer.body == (
        b"The event is not a PubSubMessage: message.data.id: Expected `int`, got `str`.\n"
    )
    answer = send(host, written_out, pubsub("binary", message="s3cret"))
    assert answer.status == 400
    assert answer.body.startswith(
        b"The event is not a PubSubMessage: message.data: It is not JSON: "
    )
    assert b"s3cret" not in answer.body
    assert len(seen) == 1


@every_host
def test_what_services_publish_to_a_topic_is_decoded_too(host: str) -> None:
    entry = testing.audit_log_event(method_name="m").data
    file = testing.storage_event("photos", "cat.jpg", size=7).data
    answer = send(host, of_log, pubsub("push", message=json.dumps(entry)))
    assert answer.status == 200
    assert send(host, of_file, pubsub("binary", message=json.dumps(file))).status == 200
    assert seen == [("m", "1096434104173400"), ("gs://photos/cat.jpg", 7)]
    answer = send(host, of_file, pubsub("binary", message='{"name": "s3cret"}'))
    assert answer.body == (
        b"The event is not a PubSubMessage: message.data.bucket: The field is required.\n"
    )


@every_host
def test_documents_in_brackets_are_checked_too(host: str) -> None:
    fields = {"name": {"stringValue": "Ada"}, "age": {"integerValue": "36"}}
    sent = forms.request_in("binary", find("firestore-created"), {"fields": fields})
    assert send(host, of_row, sent).status == 200
    assert seen == [(None, Row("Ada", 36))]
    fields["age"] = {"stringValue": "old"}
    sent = forms.request_in("binary", find("firestore-created"), {"fields": fields})
    answer = send(host, of_row, sent)
    assert answer.body == (
        b"The event is not a FirestoreChange: value.fields.age: Expected `int`, got `str`.\n"
    )


@every_host
def test_what_does_not_fit_is_a_400_of_one_line(host: str) -> None:
    event = testing.sample_event("pubsub", {"message": {"publishTime": "s3cret"}})
    headers, body = cloudevents.encode_binary(event)
    answer = serve(host, one, Signature.CLOUDEVENT)("POST", "/", dict(headers), body)
    assert (answer.status, answer.type) == (400, "text/plain; charset=utf-8")
    assert answer.body == (
        b"The event is not a PubSubMessage: message.publishTime: "
        b"Invalid RFC3339 encoded datetime.\n"
    )
    answer = send(host, either, forms.request_in("binary", find("auth"), {}))
    assert (answer.status, seen) == (400, [])
    assert answer.body == (
        b"The event isn't one of PubSubMessage, StorageObject: its type is another.\n"
    )


@every_host
def test_requests_of_services_that_send_no_cloud_events(host: str) -> None:
    assert send(host, hook, forms.pushed(find("github"), {})).status == 200
    assert send(host, job, forms.pushed(find("scheduler"), {"body": [1]})).status == 200
    assert send(host, grid, forms.pushed(find("event-grid"), {"id": "g1"})).status == 200
    assert seen == [
        ("push", True),
        ("my-job", [1], "my-job/2026-01-01T00:00:00Z"),
        ("Microsoft.Storage.BlobCreated", "myaccount", 352, "g1"),
    ]


@every_host
def test_github_sends_forms_as_well_and_is_refused_without_its_headers(host: str) -> None:
    request = forms.pushed(find("github"), {})
    form = {**dict(request.headers), "content-type": "application/x-www-form-urlencoded"}
    body = b"payload=%7B%22action%22%3A+%22opened%22%7D"
    post = serve(host, hook, Signature.CLOUDEVENT)
    assert post("POST", "/", form, body).status == 200
    assert seen == [("push", False)]
    for name, text in [("x-github-delivery", b"X-GitHub-Delivery"), ("x-github-event", b"id")]:
        headers = {key: item for key, item in request.headers if key != name}
        answer = post("POST", "/", headers, request.body)
        assert answer.status == 400
        assert text in answer.body
    assert post("POST", "/", dict(request.headers), b"[]").status == 400


def test_event_grid_sends_lists_of_its_own_schema() -> None:
    request = forms.pushed(find("event-grid"), {})
    (item,) = json.loads(request.body)
    post = serve("wsgi", grid, Signature.CLOUDEVENT)
    both = json.dumps([item, {**item, "id": "2"}]).encode()
    assert post("POST", "/", dict(request.headers), both).status == 200
    assert sorted(value[3] for value in seen) == ["1096434104173400", "2"]
    answer = post("POST", "/", dict(request.headers), json.dumps([{**item, "id": ""}]).encode())
    assert answer.status == 400
    assert "id must be text" in json.loads(answer.body)["batchItemFailures"][0]["detail"]
    assert post("POST", "/", dict(request.headers), b"[1]").status == 400


def test_a_list_takes_whole_batches() -> None:
    function = Function(many, "many", Signature.CLOUDEVENT, options={"batch": True})
    codec = codec_of(function)
    from functions_framework.model.message import Message

    body = b"[%b]" % b",".join(pubsub("structured", message=text).body for text in "ab")
    (messages,) = codec.decode(Message("application/cloudevents-batch+json", {}, body))
    many(messages)
    assert seen == [["a", "b"]]


def hidden(message: PubSubMessages) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def with_data(message: PubSubMessage, order: Order) -> None: ...
def unsupported(message: PubSubMessage[Callable[..., Any]]) -> None: ...
def alone(message: PubSubMessage) -> None: ...


NOTES = ["json.no.such.name", "1 / 0", "an event", "OnlyForCheckers", "PubSub", 7]


@pytest.mark.parametrize("note", NOTES)
def test_what_is_not_a_type_stays_a_note_for_readers(note: Any) -> None:
    def call(event: Any) -> None: ...

    call.__annotations__ = {"event": note}
    codec = codec_of(Function(call, "f", Signature.CLOUDEVENT))
    assert type(codec) is CloudEventSignature


WRONG = [
    (Function(hidden, "f", Signature.CLOUDEVENT), "outside TYPE_CHECKING"),
    (Function(with_data, "f", Signature.CLOUDEVENT), "PubSubMessage[Order]"),
    (Function(unsupported, "f", Signature.CLOUDEVENT), "cannot be"),
    (Function(many, "f", Signature.CLOUDEVENT), "which takes batch=True"),
    (Function(alone, "f", Signature.CLOUDEVENT, options={"batch": True}), "list[PubSubMessage]"),
    (Function(alone, "f", Signature.CLOUDEVENT, options={"types": ("a.*",)}), "type='a.*'"),
    (Function(alone, "f", Signature.CLOUDEVENT, options={"types": ("*",)}), "type='*'"),
]


@pytest.mark.parametrize(("function", "text"), WRONG)
def test_what_cannot_work_is_a_start_up_error(function: Function, text: str) -> None:
    with pytest.raises(FunctionsFrameworkException) as caught:
        codec_of(function)
    assert text in str(caught.value)
    assert f"'{function.call.__name__}' ({__file__}, line " in str(caught.value)


AROUND = """
import functions_framework as ff
from functions_framework import Drop, PubSubMessage

@ff.idempotent
@ff.cloud_event
{word}def on_message(message: PubSubMessage):
    print("called", message.text)
    if message.text == "bad":
        raise Drop("bad")

@ff.on_dropped
def dropped(event, reason):
    print("dropped", event["id"], event.data["message"]["messageId"], reason)
"""


@pytest.mark.parametrize("word", ["", "async "])
def test_hooks_and_keys_are_about_the_event(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "main.py"
    source.write_text(AROUND.format(word=word), encoding="utf-8")
    with testing.Client(source) as client:
        for text, identity in [("hi", "1"), ("hi", "1"), ("hi", "2"), ("bad", "3")]:
            answer = client.send(testing.pubsub_message(text, id=identity))
            assert answer.status == 200
    out = capsys.readouterr().out
    assert out.count("called hi") == 2
    assert "dropped 3 3 bad" in out
