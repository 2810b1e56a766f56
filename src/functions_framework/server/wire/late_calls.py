"""The records of calls past their deadline, written by a thread of their own.

What ends late calls must never wait for a handler of the user's, or fail with it: it only notes
what there is to say. A handler that blocks keeps back records, and nothing else.
"""

from __future__ import annotations

import threading
import time
import traceback
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from functions_framework.logs.late import log_late
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.logs.late import Place

_log = own_logger("functions_framework.server")
_MOST_WAITING = 1000
"""Records that may wait for a handler that blocks; more are dropped."""

PATIENCE = 5.0
"""Seconds after its deadline in which a call may end before the worker asks to be replaced."""

_ASK_AGAIN_SECONDS = 60.0


class LateCalls:
    """Takes note of late calls, and of what else is to be said of them, without ever waiting.

    Args:
        seconds: how long each call may take.

    Attributes:
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._is_started = False
        self._asked = float("-inf")
        self.leave: Callable[[str], object] | None = None

    def start(self) -> None:
        """Start the thread, for as long as the process lives."""
        if not self._is_started:
            self._is_started = True
            threading.Thread(target=self._write, name="late-calls", daemon=True).start()

    def note(self, method: object, path: object, places: list[Place]) -> None:
        """One record, to be written soon.

        Args:
            method: of the request.
            path: of the request.
            places: where the call was, outermost first; none for an async one that was not
                waiting.
        """
        self._put(partial(log_late, method, path, self._seconds, places))

    def note_failure(self, error: Exception) -> None:
        """Another, of something that failed where late calls are ended."""
        self._put(partial(_log.error, "Looking for late calls failed; it goes on.", exc_info=error))

    def _put(self, write: Callable[[], None]) -> None:
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put(write)

    def give_up(self) -> None:
        """A call goes on long after its deadline: only a new worker helps."""
        now = time.monotonic()
        if self.leave is not None and now >= self._asked + _ASK_AGAIN_SECONDS:
            self._asked = now
            self.leave("a call could not be ended at its deadline")

    def _write(self) -> None:
        while True:
            write = self._waiting.get()
            try:
                write()
            except BaseException:  # noqa: BLE001 - of a handler or a filter of the user's
                with suppress(BaseException):
                    traceback.print_exc()
