"""Amazon SNS: a notification is an event whose data is what SNS says of it.

Sources: the Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications"; the
CloudEvents adapter `aws-sns.md`, section "Notification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.events.content import attributes_of, embedded, event

from .source import Record, Source, optional_text, required, text

if TYPE_CHECKING:
    from functions_framework.model.message import Message


def _read(record: Record) -> Message:
    notification = required(record, "Sns")
    content = optional_text(notification, "Message") or ""
    own = embedded(content, attributes_of(notification.get("MessageAttributes")))
    if own is not None:
        return own
    attributes = {
        "id": text(record, "Sns", "MessageId"),
        "source": text(record, "EventSubscriptionArn"),
        "type": f"com.amazonaws.sns.{optional_text(notification, 'Type') or 'Notification'}",
        "time": optional_text(notification, "Timestamp"),
        "subject": optional_text(notification, "Subject"),
    }
    return event(attributes, notification)


source = Source("aws:sns", _read)
