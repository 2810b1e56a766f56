"""Requests of Amazon SNS to an HTTP(S) subscription, as its documentation shows them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import Drop, SnsMessage
from functions_framework.model.function import Signature
from support.in_memory import EVENT_HOSTS, Answer, serve
from support.served_source import served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ID = "165545c9-2a5c-472c-8df2-7ff2be2b3b1b"
TOPIC = "arn:aws:sns:us-west-2:123456789012:MyTopic"
SUBSCRIPTION = f"{TOPIC}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
SIGNED = {
    "SignatureVersion": "1",
    "Signature": "EXAMPLEw6JRN...",
    "SigningCertURL": "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-0.pem",
}
NOTIFICATION: dict[str, Any] = {
    "Type": "Notification",
    "MessageId": ID,
    "TopicArn": TOPIC,
    "Subject": "My First Message",
    "Message": "Hello world!",
    "Timestamp": "2012-05-02T00:54:06.655Z",
    **SIGNED,
    "UnsubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
    "MessageAttributes": {"lang": {"Type": "String", "Value": "en"}},
}
CONFIRMATION: dict[str, Any] = {
    "Type": "SubscriptionConfirmation",
    "MessageId": ID,
    "Token": "2336412f37",
    "TopicArn": TOPIC,
    "Message": f"You have chosen to subscribe to the topic {TOPIC}.\nTo confirm the subscription, "
    "visit the SubscribeURL included in this message.",
    "SubscribeURL": "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336",
    "Timestamp": "2012-04-26T20:45:04.751Z",
    **SIGNED,
}
END = {**CONFIRMATION, "Type": "UnsubscribeConfirmation"}
OWN = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order", "data": {"order": 17}}

every_host = pytest.mark.parametrize("host", EVENT_HOSTS)
seen: list[Any] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


def sent(
    host: str, call: Callable[..., Any], kind: str, body: Any, *, options: Any = None, **fields: str
) -> Answer:
    """The answer to a request with SNS's header; an underscore in a name stands for a dash."""
    headers = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": ID,
        "x-amz-sns-topic-arn": TOPIC,
        "x-amz-sns-subscription-arn": SUBSCRIPTION,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {name: value for name, value in headers.items() if value}
    return serve(host, call, Signature.CLOUDEVENT, options=options)("POST", "/", given, raw)


def event_of(host: str, kind: str, body: Any, **fields: str) -> Any:
    answer = sent(host, seen.append, kind, body, **fields)
    assert (answer.status, answer.body) == (200, b"OK"), answer
    (event,) = seen
    return event


ATTRIBUTES = {"specversion": "1.0", "id": ID, "datacontenttype": "application/json"}
KINDS: list[Any] = [
    (NOTIFICATION, {"source": SUBSCRIPTION, "subject": "My First Message"}),
    (CONFIRMATION, {"source": TOPIC}),
    (END, {"source": SUBSCRIPTION}),
]


@every_host
@pytest.mark.parametrize("content_type", ["text/plain; charset=UTF-8", "application/json", ""])
@pytest.mark.parametrize(("body", "more"), KINDS, ids=[body["Type"] for body, _ in KINDS])
def test_a_request_is_the_event_of_the_adapter(
    host: str, body: dict[str, Any], more: dict[str, str], content_type: str
) -> None:
    event = event_of(host, body["Type"], body, Content_Type=content_type)
    kind = f"com.amazonaws.sns.{body['Type']}"
    assert event.get_attributes() == {
        **ATTRIBUTES, "type": kind, "time": body["Timestamp"], **more
    }  # fmt: skip
    assert event.data == body


@every_host
@pytest.mark.parametrize("content", ["Hello world!", "ünï", "", '{"order": 17}', "[1]", "17", "{"])
@pytest.mark.parametrize("content_type", ["text/plain; charset=UTF-8", "application/json"])
def test_raw_delivery_looks_the_same(host: str, content: str, content_type: str) -> None:
    fields = {"x_amz_sns_rawdelivery": "true", "Content_Type": content_type}
    event = event_of(host, "Notification", content.encode(), **fields)
    kind = "com.amazonaws.sns.Notification"
    assert {**event.get_attributes(), "time": None} == {
        **ATTRIBUTES, "type": kind, "source": SUBSCRIPTION, "time": None
    }  # fmt: skip
    assert event.data == {
        "Type": "Notification", "MessageId": ID, "TopicArn": TOPIC, "Message": content
    }  # fmt: skip


BESIDE = {
    f"ce-{name}": {"Type": "String", "Value": OWN[name]}
    for name in ("specversion", "id", "source", "type")
}


@every_host
@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({**NOTIFICATION, "Message": json.dumps(OWN)}, {}),
        ({**NOTIFICATION, "Message": '{"order": 17}', "MessageAttributes": BESIDE}, {}),
        (OWN, {"x_amz_sns_rawdelivery": "true"}),
    ],
    ids=["message", "attributes", "raw"],
)
def test_a_message_that_is_a_cloud_event_is_that_one(host: str, body: Any, fields: Any) -> None:
    event = event_of(host, "Notification", body, **fields)
    assert (event["id"], event["source"], event["type"]) == ("7", "/shop", "order")
    assert event.data == {"order": 17}


@every_host
@pytest.mark.parametrize("is_raw", [False, True])
def test_a_function_takes_the_message(host: str, is_raw: bool) -> None:
    def on_message(message: SnsMessage) -> None:
        seen.append((message.text, message.topic, message.message_id, message.attributes))

    body = b"Hello world!" if is_raw else NOTIFICATION
    answer = sent(host, on_message, "Notification", body, x_amz_sns_rawdelivery=str(is_raw).lower())
    assert answer.status == 200
    assert seen == [("Hello world!", TOPIC, ID, {} if is_raw else {"lang": "en"})]


@every_host
def test_a_subscription_is_not_confirmed_by_a_function_of_messages(host: str) -> None:
    answer = sent(host, lambda message: None, "SubscriptionConfirmation", CONFIRMATION)
    assert answer.status == 200

    def on_message(message: SnsMessage) -> None:
        raise AssertionError(message)

    answer = sent(host, on_message, "SubscriptionConfirmation", CONFIRMATION)
    assert answer.status == 400
    assert b"SnsMessage" in answer.body


@every_host
def test_a_list_of_one_where_batches_are_taken(host: str) -> None:
    sent(host, seen.append, "Notification", NOTIFICATION, options={"batch": True})
    (events,) = seen
    assert [event.data for event in events] == [NOTIFICATION]


@every_host
def test_what_is_dropped_goes_to_the_dead_letters(host: str) -> None:
    def drop(event: Any) -> None:
        raise Drop(event["id"])

    assert sent(host, drop, "Notification", NOTIFICATION).status == 400


@every_host
@pytest.mark.parametrize(
    ("kind", "body", "fields"),
    [
        ("Notification", b"", {}),
        ("Notification", b"text", {}),
        ("Notification", b"[1]", {}),
        ("Notification", {}, {"x_amz_sns_message_id": ""}),
        ("Notification", {"MessageId": 1}, {"x_amz_sns_message_id": ""}),
        ("Notification", {}, {"x_amz_sns_topic_arn": ""}),
        ("Notification", b"\xff", {"x_amz_sns_rawdelivery": "true"}),
        ("SubscriptionConfirmation", b"text", {"x_amz_sns_rawdelivery": "true"}),
        ("Other", NOTIFICATION, {}),
        ("", NOTIFICATION, {}),
    ],
)
def test_what_lacks_something_is_refused(host: str, kind: str, body: Any, fields: Any) -> None:
    answer = sent(host, seen.append, kind, body, **fields)
    assert (answer.status, answer.body.count(b"\n")) == (400, 1)
    assert seen == []


@every_host
def test_without_ids_in_the_header_the_body_has_them(host: str) -> None:
    fields = dict.fromkeys(
        ["x_amz_sns_message_id", "x_amz_sns_topic_arn", "x_amz_sns_subscription_arn"], ""
    )
    event = event_of(host, "Notification", NOTIFICATION, **fields)
    assert (event["id"], event["source"]) == (ID, TOPIC)


def test_over_a_real_server(tmp_path: Path) -> None:
    text = """
import functions_framework
from functions_framework import SnsMessage

@functions_framework.cloud_event(type="com.amazonaws.sns.Notification", reply_type="got")
{0}def on_message(message: SnsMessage):
    return message.text

@functions_framework.cloud_event(type="com.amazonaws.sns.SubscriptionConfirmation", reply_type="asked")
{0}def on_subscription(event):
    return event.data["SubscribeURL"]
"""  # noqa: E501 - as users write it
    fields = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-id": ID}
    for word in ("", "async "):
        with served(tmp_path, text.format(word)) as (_, client):
            for body, name, wanted in (
                (NOTIFICATION, "got", "Hello world!"),
                (CONFIRMATION, "asked", CONFIRMATION["SubscribeURL"]),
            ):
                headers = {**fields, "x-amz-sns-message-type": body["Type"]}
                answer = client.post("/", headers=headers, content=json.dumps(body))
                assert (answer.headers["ce-type"], answer.json()) == (name, wanted)
