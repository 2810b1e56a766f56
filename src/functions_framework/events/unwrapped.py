"""Messages of Pub/Sub whose push subscription unwraps them: the body is what was published.

With `write_metadata` the header says which message it is; without it nothing does, and the body is
what it is. Attributes arrive as header fields of their own names, which cannot be told from others:
they are left out. Those of the Pub/Sub protocol binding of CloudEvents (`ce-…`) make the request an
event in binary mode, which is read as such.

Source: Pub/Sub, "Payload unwrapping for Pub/Sub push subscriptions".
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from .background import is_push
from .binding import FAMILY

if TYPE_CHECKING:
    from functions_framework.model.message import Message

_PREFIX = "x-goog-pubsub-"


def wrapped_again(message: Message) -> dict[str, Any] | None:
    """What the subscription would have sent without unwrapping, None for any other request."""
    identity = message.header(f"{_PREFIX}message-id")
    if not identity or "specversion" in message.attributes or is_declared(message):
        return None
    published: dict[str, Any] = {"messageId": identity}
    if message.body:
        published["data"] = base64.b64encode(message.body).decode()
    for name, field in (("publishTime", "publish-time"), ("orderingKey", "ordering-key")):
        value = message.header(_PREFIX + field)
        if value:
            published[name] = value
    return {
        "subscription": message.header(f"{_PREFIX}subscription-name") or "",
        "message": published,
    }


def is_wrapped(payload: object) -> bool:
    """Whether a body holds a message, or a background event, whatever the header says.

    Members beside `data` don't make it one: a message that was published may have them.
    """
    return isinstance(payload, dict) and ("context" in payload or is_push(payload))


def is_declared(message: Message) -> bool:
    """Whether a request says that its body is a CloudEvent, or several."""
    return (message.content_type or "")[: len(FAMILY)].lower() == FAMILY
