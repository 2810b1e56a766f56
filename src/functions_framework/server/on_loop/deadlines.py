"""Ends async calls that run past their deadline: cancelled at the await they are in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.errors import TIMEOUT_REPLY

from ..wire.gate import answer
from ..wire.late_calls import LateCalls, Place

if TYPE_CHECKING:
    import asyncio


class AsyncDeadlines:
    """Gives each call that has to wait for something a timer.

    Args:
        seconds: how long each may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._records = LateCalls(seconds)

    def start(self) -> None:
        """Be ready to write records."""
        self._records.start()

    def next(self) -> float:
        """The deadline of a call that starts now, in `time.monotonic()` seconds."""
        return time.monotonic() + self._seconds

    def watch(self, task: asyncio.Task[None], watcher: Any) -> None:
        """Cancel a call and answer for it when its time is over."""
        timer = task.get_loop().call_later(self._seconds, self._end, task, watcher)
        task.add_done_callback(lambda _task: timer.cancel())

    def _end(self, task: asyncio.Task[None], watcher: Any) -> None:
        places = places_of(task)
        request = watcher.scope
        # Its `finally` blocks may take their time: the client has waited long enough.
        answer(watcher.proto, TIMEOUT_REPLY, request.method)
        task.cancel()
        self._records.note(request.method, request.path, places)


def places_of(task: asyncio.Task[None]) -> list[Place]:
    """Where a task waits, outermost frame first, through what it awaits."""
    found: list[Place] = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None:
            found.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None))
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return found
