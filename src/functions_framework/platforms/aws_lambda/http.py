"""Invokes that are HTTP requests, and their responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.calls.answers import Answer, read
from functions_framework.hosts.errors import CRASH_REPLY, TIMEOUT_REPLY
from functions_framework.runtime.escaping import own_logger

from .incoming import incoming_of
from .replies import reply_of
from .shapes import Shape

if TYPE_CHECKING:
    from functions_framework.model.message import Reply

    from .invoke import Invoke

_log = own_logger("functions_framework.server")

_LIMITS = {Shape.ALB: 1_000_000}
_LARGEST = 6_291_556
"""Bytes of a response that Lambda takes (Lambda quotas; the Runtime API's own message)."""

_SURELY_SMALL = 100_000


def reply_to(invoke: Invoke, shape: Shape) -> dict[str, Any]:
    """The response to an invoke that is an HTTP request.

    Raises:
        InvalidPayload: it isn't one, although its keys say so.
    """
    incoming = incoming_of(invoke.payload, shape)
    answer, _ = invoke.answer(incoming)
    if answer is None:
        answer = _own(TIMEOUT_REPLY)
    elif not answer.is_whole:
        answer = _own(CRASH_REPLY)  # nothing of it has been sent yet
    reply = reply_of(answer, shape, invoke.payload)
    if len(answer.body) > _SURELY_SMALL:
        size, largest = len(json.dumps(reply).encode()), _LIMITS.get(shape, _LARGEST)
        if size > largest:
            _log.error(
                "%s %s: the response takes %d bytes as JSON, and AWS sends %d at most.",
                incoming.method,
                incoming.path,
                size,
                largest,
            )
            return reply_of(_own(CRASH_REPLY), shape, invoke.payload)
    return reply


def _own(reply: Reply) -> Answer:
    body = reply.body
    return read(reply, "GET", body if isinstance(body, bytes) else b"", has_length=False)
