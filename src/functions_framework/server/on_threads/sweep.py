"""A thread that looks at slow clients again and again, and is there only while there are any."""

from __future__ import annotations

import contextlib
import time
from contextvars import Context
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from functions_framework.runtime.native_threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Sweep:
    """Looks while there is something to look at.

    Args:
        name: of the thread.
        watched: what is looked at; whoever adds to it wakes the sweep.
        look: called again and again, with the moment in `time.monotonic()` seconds; says how many
            seconds later it is to be called again.
        pause: seconds before the first look.
    """

    def __init__(
        self,
        name: str,
        watched: Collection[object],
        look: Callable[[float], float],
        pause: float,
    ) -> None:
        self._name = name
        self._watched = watched
        self._look = look
        self._first_pause = pause
        self._lock = Lock()
        self._urgent: SimpleQueue[None] = SimpleQueue()
        self.is_idle = True

    def wake(self) -> None:
        """There is something; to be called where `is_idle` says so."""
        with self._lock:
            if self.is_idle:
                self.is_idle = False
                Context().run(start_thread, self._run, self._name)  # it belongs to no call

    def hurry(self) -> None:
        """Look now, whatever the pause is."""
        if self._urgent.empty():
            self._urgent.put(None)

    def _run(self) -> None:
        pause = self._first_pause
        # Sleeps first: most clients keep nobody waiting, and should not start a thread each.
        self._wait(pause)
        while self._watched:
            # To look takes a descriptor: where none is left there may be one the next time.
            with contextlib.suppress(OSError):
                pause = self._look(time.monotonic())
            self._wait(pause)
        self.is_idle = True
        if self._watched:  # one that began meanwhile took this thread for awake
            self.wake()

    def _wait(self, pause: float) -> None:
        with contextlib.suppress(Empty):
            self._urgent.get(timeout=pause)
