"""A thread that looks at slow clients again and again, and is there only while there are any."""

from __future__ import annotations

import contextlib
import threading
import time
from contextvars import Context
from typing import TYPE_CHECKING

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
        self._lock = threading.Lock()
        self._urgent = threading.Event()
        self.is_idle = True

    def wake(self) -> None:
        """There is something; to be called where `is_idle` says so."""
        with self._lock:
            if self.is_idle:
                self.is_idle = False
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                Context().run(thread.start)  # it belongs to no call

    def hurry(self) -> None:
        """Look now, whatever the pause is."""
        self._urgent.set()

    def _run(self) -> None:
        pause = self._first_pause
        # Sleeps first: most clients keep nobody waiting, and should not start a thread each.
        self._urgent.wait(pause)
        while self._watched:
            self._urgent.clear()
            # To look takes a descriptor: where none is left there may be one the next time.
            with contextlib.suppress(OSError):
                pause = self._look(time.monotonic())
            self._urgent.wait(pause)
        self.is_idle = True
        if self._watched:  # one that began meanwhile took this thread for awake
            self.wake()
