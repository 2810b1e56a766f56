"""The response to a batch of events, made of the response to each: what is done, what to resend.

Each event is a request of its own to the host that got the batch, in structured mode;
`wsgi.event_threads` and `asgi.event_tasks` run them. The response is 200 when all are done; a
dropped event counts as done. Else it names those that are not, in the form of AWS's partial batch
responses; its status makes a sender that can't read them send the whole batch again:

==========  =====================================================================================
500         a function crashed
504         one ran past the deadline, or did not begin before it was over
503         the others are wanted again (`Retry`), in the largest of the seconds they named
4xx         only events that were refused, as each would have been alone: again they would be so
==========  =====================================================================================
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.events.batches import id_of
from functions_framework.events.binding import BATCH_TYPE
from functions_framework.events.replies import sent_in
from functions_framework.exceptions import Drop, Retry
from functions_framework.model.execution import Ended, execution
from functions_framework.model.message import CRASH, EVENT_TAKEN, JSON, TEXT, Reply

from .errors import TIMEOUT_REPLY
from .verdicts import DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.model.execution import Execution

_DONE = frozenset({Drop.outcome, DUPLICATE})
_RETRY, _ERROR, _TIMEOUT = Retry.outcome, "error", "timeout"
REFUSED = "refused"
"""Of an event that isn't what the function takes."""

_STATUSES = {_ERROR: 500, _TIMEOUT: 504, _RETRY: 503}
"""Outcomes of an event, the most telling first; the first that any event had is the batch's."""

PAUSE = "retry-after"


class Answered(NamedTuple):
    """One event of a batch and its outcome.

    Attributes:
        reply: the response it would have got alone, with a whole body.
        running: its call.
        seconds: how long that took.
    """

    reply: Reply
    running: Execution | None
    seconds: float

    @property
    def kind(self) -> str:
        """What is to be said of it: empty where it is done."""
        verdict: str = getattr(self.running, "verdict", "")
        if verdict:
            return "" if verdict in _DONE else verdict
        if self.reply.status < 400:
            return ""
        if self.reply.status < 500:
            return REFUSED
        return _TIMEOUT if self.reply.status == TIMEOUT_REPLY.status else _ERROR


NOT_BEGUN = Answered(TIMEOUT_REPLY, None, 0.0)
"""An event whose turn came too late."""


def answer(events: Sequence[bytes], answered: Sequence[Answered | None]) -> Reply:
    """The response to a batch, whose calls are noted in the call in progress.

    Args:
        events: its events.
        answered: the outcome of each, None where it was not begun before the deadline.
    """
    every = [item or NOT_BEGUN for item in answered]
    running = execution.get()
    if running is not None:
        running.calls = [
            Ended(item.running, item.reply.status, item.seconds)
            for item in every
            if item.running is not None
        ]
    replies = b",".join(filter(None, map(_events_in, every)))
    failed = [(index, item) for index, item in enumerate(every) if item.kind]
    if not failed:
        return (
            Reply(200, [("content-type", BATCH_TYPE)], b"[%b]" % replies)
            if replies
            else EVENT_TAKEN
        )
    failures = [_failure(index, events[index], item) for index, item in failed]
    body = b'{"batchItemFailures":%b' % json.dumps(failures, separators=(",", ":")).encode()
    body += b',"replies":[%b]}' % replies if replies else b"}"
    return Reply(_status(failed), [JSON, *_headers(failed)], body)


def _events_in(item: Answered) -> bytes:
    return sent_in(item.reply) if item.reply is not EVENT_TAKEN and not item.kind else b""


def _failure(index: int, event: bytes, item: Answered) -> dict[str, Any]:
    found = {
        "itemIdentifier": id_of(event),
        "index": index,
        "reason": item.kind,
        "status": item.reply.status,
    }
    body = item.reply.body
    if item.kind == REFUSED and TEXT in item.reply.headers and isinstance(body, bytes):
        found["detail"] = body.decode().strip()
    return found


def _status(failed: Sequence[tuple[int, Answered]]) -> int:
    kinds = {item.kind for _, item in failed}
    for kind, status in _STATUSES.items():
        if kind in kinds:
            return status
    statuses = {item.reply.status for _, item in failed}
    return statuses.pop() if len(statuses) == 1 else 400


def _headers(failed: Sequence[tuple[int, Answered]]) -> list[tuple[str, str]]:
    given = [pair for _, item in failed for pair in item.reply.headers]
    found = [CRASH] if any((name.lower(), value) == CRASH for name, value in given) else []
    pauses = [int(value) for name, value in given if name == PAUSE and value.isdigit()]
    if pauses and _status(failed) == _STATUSES[_RETRY]:
        found.append((PAUSE, str(max(pauses))))
    return found
