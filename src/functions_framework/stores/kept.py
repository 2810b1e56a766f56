"""The outcome of a call, as the bytes that a store keeps, and back."""

from __future__ import annotations

import json
from typing import NamedTuple

from functions_framework.model.message import Reply

# Of one exchange only: a cookie is for the client that got it.
_NOT_KEPT = frozenset({"set-cookie", "content-length", "date"})


class Kept(NamedTuple):
    """The outcome of a call.

    Attributes:
        reply: the response, with a whole body; of a dropped event an empty one.
        fingerprint: of what it was called with, empty where nobody asks.
        dropped: why the event was dropped, None where it was not.
    """

    reply: Reply
    fingerprint: str = ""
    dropped: str | None = None


def to_bytes(kept: Kept) -> bytes:
    """One line of JSON, then the body as it is."""
    status, headers, body = kept.reply
    if not isinstance(body, bytes):
        raise TypeError("A reply is kept once its body was read out.")
    sent = [pair for pair in headers if pair[0].lower() not in _NOT_KEPT]
    head = json.dumps([status, sent, kept.fingerprint, kept.dropped], separators=(",", ":"))
    return b"%b\n%b" % (head.encode(), body)


def from_bytes(data: bytes) -> Kept:
    """Read what `to_bytes` wrote.

    Raises:
        ValueError: it is something else.
    """
    head, _, body = data.partition(b"\n")
    status, headers, fingerprint, dropped = json.loads(head)
    reply = Reply(status, [(name, value) for name, value in headers], body)
    return Kept(reply, fingerprint, dropped)
