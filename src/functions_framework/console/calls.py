"""The last calls of a worker, each with what was asked, answered, written and how long it took."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.wsgi.environ import status_line
from functions_framework.recording.value import body_as

from .faults import fault_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.execution import Execution
    from functions_framework.model.message import Reply
    from functions_framework.recording.exchange import Exchange
    from functions_framework.recording.taps import Kept

MOST = 200
"""Calls that are kept; the oldest give way."""

LARGEST_BODY = 64 * 1024
"""Bytes that are kept of a body: with `MOST` some 26 MB in all, at worst."""

_AT_ONCE = 16 * 1024


class Call:
    """One call.

    Args:
        id: names it, among those of other workers too.
        exchange: what is asked and answered.
        touch: called when more is known.
    """

    def __init__(self, id: str, exchange: Exchange, touch: Callable[[Call], None]) -> None:  # noqa: A002
        self.id = id
        self.exchange = exchange
        self.changed = 0
        self._touch = touch
        self._started = time.monotonic()
        self._replied: float | None = None
        self._sent: float | None = None
        self._seconds: float | None = None
        self._running: Execution | None = None
        self._fault: dict[str, Any] | None = None
        self._state = "running"

    def answer(self, reply: Reply, running: Execution | None) -> None:
        """The host has given its reply."""
        self._replied = time.monotonic()
        self.exchange.begin_answer(reply)
        self._running = running
        if running is not None:
            running.at_end = self._end_sending
        if isinstance(reply.body, bytes):
            self._end("done", None)

    def end(self, error: BaseException | None, *, is_whole: bool) -> None:
        """The streamed response is complete, or never will be."""
        self.exchange.stop_clock(is_whole=is_whole)
        self._end("done" if is_whole else "broken", error)

    def give_up(self, error: BaseException, running: Execution | None) -> None:
        """The call was ended before there was a reply."""
        self.exchange.stop_clock()
        self._running = running
        self._end("ended", error)

    def _end(self, state: str, error: BaseException | None) -> None:
        self._state = state
        errors = [error, *(getattr(one, "error", None) for one in self._all_running())]
        found = next((one for one in errors if one is not None), None)
        # Not the exception itself: it would keep all that its frames hold.
        self._fault = None if found is None else fault_of(found)
        self._touch(self)

    def _end_sending(self, seconds: float) -> None:
        self._seconds = seconds
        self._sent = time.monotonic()
        self._touch(self)

    def _all_running(self) -> list[Execution]:
        """The call, or those that the request of a batch was."""
        running = self._running
        if running is None:
            return []
        return [one.running for one in running.calls or () if one.running] or [running]

    def told(self, *, is_whole: bool = True) -> dict[str, Any]:
        """All that is known, in JSON's terms.

        Args:
            is_whole: whether large bodies are told as well.
        """
        exchange = self.exchange
        method, path, query, headers = exchange.request
        answer = exchange.answer
        size = len(exchange.asked.start) + len(exchange.answered.start)
        is_partial = not is_whole and size > _AT_ONCE
        response = answer and {
            "headers": answer.headers,
            "body": _body(exchange.answered, is_left_out=is_partial),
        }
        return {
            "id": self.id,
            "execution": self._execution_id(),
            "time": exchange.time.timestamp(),
            "method": method,
            "path": path,
            "query": query,
            "function": exchange.function,
            "state": self._state,
            "status": answer.status if answer else None,
            "status_line": status_line(answer.status) if answer else None,
            "partial": is_partial,
            "request": {
                "headers": headers,
                "body": _body(exchange.asked, is_left_out=is_partial),
            },
            "response": response,
            **self._timing(),
            **self._lines(),
            "fault": self._fault,
        }

    def _execution_id(self) -> str:
        if self._running is not None:
            return self._running.execution_id
        named = dict(self.exchange.request[3])
        return named.get("function-execution-id", "")

    def _timing(self) -> dict[str, Any]:
        """Milliseconds: waited for a place, read and decoded, function's own code, sent."""
        running = self._running
        began: float | None = getattr(running, "began", None)
        ended: float | None = getattr(running, "ended", None) or self._replied
        arrived = self._started
        if self._sent is not None and self._seconds is not None:
            arrived = min(arrived, self._sent - self._seconds)
        last = self._sent or self._replied or time.monotonic()
        if self._state == "running" and self._replied is None:
            parts = {"wait": self._started - arrived}
        else:
            called = began if began is not None else self._started
            ended = max(called, ended or last)
            parts = {
                "wait": self._started - arrived,
                "load": called - self._started,
                "call": ended - called,
                "send": max(0.0, last - ended),
            }
        phases = {name: round(seconds * 1000, 2) for name, seconds in parts.items()}
        return {"ms": round((last - arrived) * 1000, 2), "phases": phases}

    def _lines(self) -> dict[str, Any]:
        kept = [one.lines for one in self._all_running() if one.lines is not None]
        lines = sorted(line for lines in kept for line in lines.all())
        return {"lines": lines, "dropped": sum(one.dropped for one in kept)}


def _body(kept: Kept, *, is_left_out: bool) -> dict[str, Any]:
    content = b"" if is_left_out else bytes(kept.start)
    body = body_as(content, kept.size, is_truncated=kept.size > len(content))
    return {
        "size": body.size,
        "text": body.text,
        "base64": body.base64,
        "truncated": body.is_truncated,
    }


class Calls:
    """The calls that are kept.

    Args:
        worker: names this worker.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._calls: deque[Call] = deque(maxlen=MOST)
        self._count = 0
        self._tick = 0
        self._lock = Lock()

    def begin(self, exchange: Exchange) -> Call:
        """A request has arrived."""
        with self._lock:
            self._count += 1
            call = Call(f"{self._worker}-{self._count}", exchange, self._touch)
            self._calls.append(call)
        self._touch(call)
        return call

    def _touch(self, call: Call) -> None:
        with self._lock:
            self._tick += 1
            call.changed = self._tick

    def since(self, tick: int) -> tuple[int, list[Call]]:
        """The calls that have changed since, the oldest first; and what to ask with next."""
        with self._lock:
            return self._tick, [call for call in self._calls if call.changed > tick]

    def find(self, id: str) -> Call | None:  # noqa: A002
        """The call of an id, None where there is none any more."""
        with self._lock:
            return next((call for call in self._calls if call.id == id), None)

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._calls.clear()
