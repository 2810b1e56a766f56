"""Ends async calls that run past their deadline: cancelled at the await they are in."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from functions_framework.hosts.errors import TIMEOUT_REPLY
from functions_framework.logs.late import places_of_task
from functions_framework.runtime.jobs import LATE

from ..wire.gate import answer
from ..wire.late_calls import PATIENCE, LateCalls

if TYPE_CHECKING:
    import asyncio

    from functions_framework.model.message import Reply

    from ..wire.interfaces import Watcher


class AsyncDeadlines:
    """Gives each call that has to wait for something a timer.

    Args:
        seconds: how long each may take.
        told: the calls that were told to end, by what Granian knows them by.

    Attributes:
        records: notes late calls.
    """

    def __init__(self, seconds: float, told: set[Watcher]) -> None:
        self._seconds = seconds
        self._told = told
        self.records = LateCalls(seconds)

    def next(self) -> float:
        """The deadline of a call that starts now, in `time.monotonic()` seconds."""
        return time.monotonic() + self._seconds

    def watch(self, task: asyncio.Task[None], watcher: Watcher, deadline: float) -> None:
        """Cancel a call and answer for it when its time is over."""
        left = max(0.0, deadline - time.monotonic())
        timer = task.get_loop().call_later(left, self._end, task, watcher)
        task.add_done_callback(lambda _task: timer.cancel())

    def in_time(self, reply: Reply, watcher: Watcher, deadline: float) -> Reply:
        """A call's reply, or the one it gets that came to no await before its deadline was over."""
        if time.monotonic() < deadline or watcher in self._told or type(reply.body) is not bytes:
            return reply
        self.records.note(watcher.scope.method, watcher.scope.path, [])
        return TIMEOUT_REPLY

    def _end(self, task: asyncio.Task[None], watcher: Watcher) -> None:
        request = watcher.scope
        # Its `finally` blocks may take their time: the client has waited long enough.
        answer(watcher.proto, TIMEOUT_REPLY, request.method)
        self._told.add(watcher)
        # Whatever fails from here on: the loop logs it, and the worker is replaced.
        task.get_loop().call_later(PATIENCE, self._check, task)
        self.records.note(request.method, request.path, places_of_task(task))
        task.cancel(LATE)

    def _check(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            self.records.give_up()
