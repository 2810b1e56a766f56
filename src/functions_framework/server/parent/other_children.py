"""Children that aren't workers: the metrics process, and what was left to the first process.

In a container this is often process 1, which inherits whatever a function's processes leave behind
(`sh -c 'sleep 9 &'`). Nobody else notes their ends.
"""

from __future__ import annotations

import os
import time

from functions_framework.runtime import terminal

from .signals import death

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol

    from ..wire.spread import Spread

    class Beside(Protocol):
        """A process beside the workers.

        Attributes:
            pid: its number.
        """

        pid: int

        def start(self, leave: Callable[[], None]) -> None:
            """Start it, or another in its place; `leave` closes what is the parent's only."""


_PAUSE = 1.0
"""Seconds in which who has started a process itself asks for its end, and between two starts."""


class OtherChildren:
    """Looks after them whenever a child has ended.

    Args:
        beside: the process beside the workers, None where there is none.
        leave: closes, in a new process, what is the parent's only.
        sockets: those of the workers.
    """

    def __init__(self, beside: Beside | None, leave: Callable[[], None], sockets: Spread) -> None:
        self._beside = beside
        self._leave_parent = leave
        self._sockets = sockets
        self._is_first = os.getpid() == 1
        self._started = 0.0
        self._is_dead = False
        self._ended: dict[int, float] = {}
        self._pause: float | None = None

    def _leave(self) -> None:
        self._leave_parent()
        self._sockets.close()

    def within(self, timeout: float | None) -> float | None:
        """The seconds that may be waited before the next look, at most `timeout`."""
        if timeout is None or self._pause is None:
            return self._pause if timeout is None else timeout
        return min(timeout, self._pause)

    def look(self, workers: Iterable[int]) -> None:
        """Replace the process beside the workers if it has ended; note orphans' ends.

        Args:
            workers: whose ends are somebody else's to note.
        """
        self._pause = None
        if self._beside is not None:
            self._look_beside(self._beside)
        if self._is_first:
            self._look_at_orphans({*workers, self._beside.pid if self._beside else 0})

    def _look_beside(self, beside: Beside) -> None:
        if not self._is_dead:
            pid, status = os.waitpid(beside.pid, os.WNOHANG)
            if not pid:
                return
            self._is_dead = True
            code = os.waitstatus_to_exitcode(status)
            terminal.say(f"The metrics process {pid} {death(code)}; it is replaced.")
        now = time.monotonic()
        try:
            if now >= self._started + _PAUSE:
                self._started = now
                beside.start(self._leave)
                self._is_dead = False
                return
        except OSError as error:
            terminal.say(f"No metrics process can be started: {error.strerror}; it is tried again.")
        self._pause = _PAUSE

    def _look_at_orphans(self, known: set[int]) -> None:
        now = time.monotonic()
        before, self._ended = self._ended, {}
        for pid in _children() - known:
            # Looked at only: the process that has started it may be this one.
            try:
                found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                continue  # /proc tells of other processes where it was mounted before this one
            if found is None:
                continue
            first = before.get(pid, now)
            if now >= first + _PAUSE:
                os.waitpid(pid, os.WNOHANG)
            else:
                self._ended[pid] = first
                self._pause = _PAUSE


def _children() -> set[int]:
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as found:  # noqa: PTH123
            return {int(word) for word in found.read().split()}
    except OSError:
        return set()
