"""When a worker has served long enough, or grown too large: it asks to be replaced.

For functions that leak, or that hold what should be fetched anew. Off by default, and under
--reload, where another hand replaces the workers.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from functions_framework.runtime.memory import memory_in_use
from functions_framework.runtime.native_threads import start_thread
from functions_framework.settings.parsers import show_size

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from .orders import Parent

_LOOK_SECONDS = 1.0
_ASK_AGAIN_SECONDS = 60.0
_SPREAD = 0.1


def watch(settings: Settings, parent: Parent) -> None:
    """Ask the parent for a replacement when a limit of the settings is reached."""
    worker = _Retirement(settings.max_worker_age, settings.max_worker_memory, parent)
    start_thread(worker.run, "retirement")


class _Retirement:
    def __init__(self, age: float, memory: int, parent: Parent) -> None:
        # Workers that were started together do not retire together.
        spread = 1 - _SPREAD * random.random()  # noqa: S311 - no secret
        self._end = time.monotonic() + age * spread if age else float("inf")
        self._age = age
        self._memory = memory
        self._parent = parent

    def run(self) -> None:
        while not (reason := self._reason()):
            time.sleep(self._pause())
        while True:
            # Again, as the replacement may have failed to load; this one serves until it has.
            self._parent.ask_to_leave(reason, is_patient=True)
            time.sleep(_ASK_AGAIN_SECONDS)

    def _pause(self) -> float:
        left = max(0.0, self._end - time.monotonic())
        return min(left, _LOOK_SECONDS) if self._memory else left

    def _reason(self) -> str:
        if time.monotonic() >= self._end:
            return f"it has reached the age of {self._age:g} seconds"
        if self._memory and memory_in_use() > self._memory:
            return f"it holds more than {show_size(self._memory)} of memory"
        return ""
