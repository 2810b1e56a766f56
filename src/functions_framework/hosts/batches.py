"""The response to a batch of events, made of the response to each: what is done, what to resend.

Each event is a call of its own in the host that got the batch, as if it had come alone in
structured mode; `wsgi.event_threads` and `asgi.event_tasks` run them. The response is 200 when all
are done; a dropped event counts as done. Else it names those that are not, in the form of AWS's
partial batch responses; its status makes a sender that can't read them send the whole batch again:

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
from functions_framework.model.execution import execution
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
        running: its call, None where it did not begin.
        seconds: how long that took.
    """

    reply: Reply
    running: Execution | None
    seconds: float

    @property
    def status(self) -> int:
        """Of its own response."""
        return self.reply.status

    @property
    def kind(self) -> str:
        """What is to be said of it: empty where it is done."""
        verdict: str | None = getattr(self.running, "verdict", None)
        if verdict:
            return "" if verdict in _DONE else verdict
        status = self.reply.status
        if status < 400:
            return ""
        if status < 500:
            return REFUSED
        return _TIMEOUT if status == TIMEOUT_REPLY.status else _ERROR


NOT_BEGUN = Answered(TIMEOUT_REPLY, None, 0.0)
"""An event whose turn came too late."""


def answer(events: Sequence[bytes], answered: Sequence[Answered | None]) -> Reply:
    """The response to a batch, whose calls are noted in the call in progress.

    Args:
        events: its events.
        answered: the outcome of each, None where it was not begun before the deadline.
    """
    running = execution.get()
    if running is not None:
        running.calls = [item for item in answered if item is not None and item.running is not None]
    failed: list[tuple[int, str, Reply]] = []
    replies: list[bytes] = []
    for index, item in enumerate(answered):
        reply = item.reply if item else TIMEOUT_REPLY
        if kind := (item or NOT_BEGUN).kind:
            failed.append((index, kind, reply))
        elif reply is not EVENT_TAKEN and (found := sent_in(reply)):
            replies.append(found)
    sent = b",".join(replies)
    if not failed:
        return Reply(200, [("content-type", BATCH_TYPE)], b"[%b]" % sent) if sent else EVENT_TAKEN
    failures = [_failure(index, events[index], kind, reply) for index, kind, reply in failed]
    body = b'{"batchItemFailures":%b' % json.dumps(failures, separators=(",", ":")).encode()
    body += b',"replies":[%b]}' % sent if sent else b"}"
    status = _status(failed)
    return Reply(status, [JSON, *_headers(status, failed)], body)


def _failure(index: int, event: bytes, kind: str, reply: Reply) -> dict[str, Any]:
    found = {"itemIdentifier": id_of(event), "index": index, "reason": kind, "status": reply.status}
    body = reply.body
    if kind == REFUSED and TEXT in reply.headers and isinstance(body, bytes):
        found["detail"] = body.decode().strip()
    return found


def _status(failed: Sequence[tuple[int, str, Reply]]) -> int:
    kinds = {kind for _, kind, _ in failed}
    for kind, status in _STATUSES.items():
        if kind in kinds:
            return status
    statuses = {reply.status for _, _, reply in failed}
    return statuses.pop() if len(statuses) == 1 else 400


def _headers(status: int, failed: Sequence[tuple[int, str, Reply]]) -> list[tuple[str, str]]:
    given = [pair for _, _, reply in failed for pair in reply.headers]
    found = [CRASH] if any((name.lower(), value) == CRASH for name, value in given) else []
    pauses = [int(value) for name, value in given if name == PAUSE and value.isdigit()]
    if pauses and status == _STATUSES[_RETRY]:
        found.append((PAUSE, str(max(pauses))))
    return found
