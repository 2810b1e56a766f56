"""Requests that Amazon SNS sends to subscriptions of HTTP(S) endpoints, as CloudEvents.

Their Content-Type is text/plain, unless the topic's delivery policy names another. The event's data
is what SNS says of the message. With raw message delivery the body is the message alone: the rest
is made of the header, so that a function reads both in one way.

Sources: the SNS developer guide, "Parsing message formats" and "Raw message delivery"; the
CloudEvents adapter `aws-sns.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import MalformedRequest
from functions_framework.model.json_text import decode_json

from .binding import Parts, now
from .content import attributes_of, embedded
from .structured import decode_structured
from .unwrapped import is_declared

if TYPE_CHECKING:
    from functions_framework.model.message import Message

_NOTIFICATION, _CONFIRMATION = "Notification", "SubscriptionConfirmation"
_KINDS = frozenset({_NOTIFICATION, _CONFIRMATION, "UnsubscribeConfirmation"})


def from_sns(message: Message) -> Parts | None:
    """The event of a request of SNS, None for any other.

    A notification whose message is a CloudEvent is that one.

    Raises:
        MalformedRequest: it says that it is of SNS and lacks what those have.
    """
    kind = message.header("x-amz-sns-message-type")
    if kind not in _KINDS or is_declared(message):
        return None
    is_raw = (message.header("x-amz-sns-rawdelivery") or "").lower() == "true"
    data = _of_raw(message) if is_raw and kind == _NOTIFICATION else _in_body(message)
    if kind == _NOTIFICATION:
        content = data.get("Message")
        beside = attributes_of(data.get("MessageAttributes"))
        own = embedded(content if isinstance(content, str) else "", beside)
        if own is not None:
            return decode_structured(decode_json(own.body))
    return Parts(_attributes(message, kind, data), data)


def _of_raw(message: Message) -> dict[str, Any]:
    try:
        content = message.body.decode()
    except UnicodeDecodeError:
        raise MalformedRequest("The message of SNS is not UTF-8.") from None
    return {
        "Type": _NOTIFICATION,
        "MessageId": message.header("x-amz-sns-message-id"),
        "TopicArn": message.header("x-amz-sns-topic-arn"),
        "Message": content,
    }


def _in_body(message: Message) -> dict[str, Any]:
    data = decode_json(message.body)
    if not isinstance(data, dict):
        raise MalformedRequest("What SNS says of a message is a JSON object; the body is none.")
    return data


def _attributes(message: Message, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """The attributes of the adapter's tables."""
    topic = message.header("x-amz-sns-topic-arn") or data.get("TopicArn")
    subscription = None if kind == _CONFIRMATION else message.header("x-amz-sns-subscription-arn")
    identity = message.header("x-amz-sns-message-id") or data.get("MessageId")
    if not (isinstance(identity, str) and identity and isinstance(topic, str) and topic):
        raise MalformedRequest("The request of SNS has no message id, or names no topic.")
    time, subject = data.get("Timestamp"), data.get("Subject")
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": identity,
        "source": subscription or topic,
        "type": f"com.amazonaws.sns.{kind}",
        "time": time if isinstance(time, str) and time else now(),
        "datacontenttype": "application/json",
    }
    if kind == _NOTIFICATION and isinstance(subject, str) and subject:
        attributes["subject"] = subject
    return attributes
