"""Ends async calls that run past their deadline: cancelled at the await they are in."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.errors import TIMEOUT_REPLY

from ..on_threads.deadlines import log_late
from ..wire.gate import answer

if TYPE_CHECKING:
    import asyncio


class AsyncDeadlines:
    """Gives each call that has to wait for something a timer.

    Args:
        seconds: how long each may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def next(self) -> float:
        """The deadline of a call that starts now, in `time.monotonic()` seconds."""
        return time.monotonic() + self._seconds

    def watch(self, task: asyncio.Task[None], watcher: Any) -> None:
        """Cancel a call and answer for it when its time is over."""
        timer = task.get_loop().call_later(self._seconds, self._end, task, watcher)
        task.add_done_callback(lambda _task: timer.cancel())

    def _end(self, task: asyncio.Task[None], watcher: Any) -> None:
        stack = traceback.StackSummary.from_list(stack_of(task))
        request = watcher.scope
        # Its `finally` blocks may take their time: the client has waited long enough.
        answer(watcher.proto, TIMEOUT_REPLY, request.method)
        task.cancel()
        log_late(request.method, request.path, self._seconds, stack)


def stack_of(task: asyncio.Task[None]) -> list[traceback.FrameSummary]:
    """Where a task waits, outermost frame first, through what it awaits."""
    found: list[traceback.FrameSummary] = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None:
            found += traceback.extract_stack(frame, limit=1)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return found
