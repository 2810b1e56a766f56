"""Events that Eventarc pushes as messages of Pub/Sub, their attributes among the message's.

Eventarc delivers over push subscriptions of its own, in binary mode. What no header field can hold,
such as the name of a document that ends with a space, it delivers as the message that it keeps the
event in (Pub/Sub protocol binding of CloudEvents). Messages of other subscriptions stay messages,
whatever their attributes say, as in 3.10.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from .binding import REQUIRED, Parts

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBSCRIPTION = "/subscriptions/eventarc-"


def event_in(push: Mapping[str, Any]) -> Parts | None:
    """The event that a push is, None where it is a message.

    Args:
        push: see `background.is_push`.

    Raises:
        MalformedRequest: it is one, and its data is not what its type says.
    """
    if _SUBSCRIPTION not in str(push["subscription"]):
        return None
    message = push["message"]
    given = message.get("attributes") if isinstance(message, dict) else None
    if not isinstance(given, dict):
        return None
    texts = [(name, value) for name, value in given.items() if isinstance(value, str) and value]
    if not {f"ce-{name}" for name in REQUIRED}.issubset(name.lower() for name, _ in texts):
        return None
    try:
        data = base64.b64decode(message.get("data") or "", validate=True)
    except (TypeError, ValueError):
        return None
    return _event(data, texts)


def _event(data: bytes, attributes: list[tuple[str, str]]) -> Parts | None:
    from functions_framework.model.json_text import decode_json

    from .content import embedded
    from .structured import decode_structured

    found = embedded(data, attributes)
    return None if found is None else decode_structured(decode_json(found.body))
