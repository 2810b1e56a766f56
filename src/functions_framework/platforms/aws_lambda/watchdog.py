"""Ends sync calls that run past their deadline, so that their response gets out in time.

Lambda calls in the main thread, one call after another. A late one gets `RequestTimeoutException`
raised where that is safe (see `runtime.interruption`): by a signal of ours, which ends `time.sleep`
and reads of sockets as well. In another thread, where no signal arrives, it is tried again and
again, as a server does.

Nothing is armed for a call. A thread sleeps until the next that can be late is: as Lambda gives
every call of an environment the same time, that is the one in progress. A call with less time than
those before wakes it.
"""

from __future__ import annotations

import signal
import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.logs.late import Place, log_late, places_of
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.interruption import Interruption, may_be_raised, release

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from functions_framework.model.interfaces import Environ

T = TypeVar("T")
_log = own_logger("functions_framework.server")

# One that next to nobody uses: SIGALRM is what functions set timers with.
_SIGNAL: int | None = getattr(signal, "SIGRTMAX", None)
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
_SHARE, _SHORTEST_LOOK = 0.9, 0.05


class _Call:
    """A call in progress.

    Attributes:
        deadline: in `time.monotonic()` seconds.
        thread: in which it runs.
        guard: see `Interruption`.
        interruption: ends it; made when its deadline has come.
        places: where it was then, None as long as it has not.
        is_asking: whether it is just asked whether it may be ended.
    """

    interruption: Interruption
    places: list[Place] | None = None
    is_asking = False

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.thread = threading.get_ident()
        self.guard: list[None] = [None]


class Watchdog:
    """Watches the call in progress; a process has one."""

    def __init__(self) -> None:
        self._call: _Call | None = None
        self._shortest = float("inf")
        self._due = float("inf")  # when the thread looks again, unless it is woken
        self._changed = threading.Event()
        self._thread: threading.Thread | None = None
        self._main = threading.main_thread().ident
        self._has_signal = False

    def call(self, deadline: float, answer: Callable[[Environ], T], environ: Environ) -> T:
        """Have a request answered in a context of its own.

        Args:
            deadline: in `time.monotonic()` seconds.
            answer: is called with the request.
            environ: the request.

        Raises:
            RequestTimeoutException: it came late, and the host has not handled it.
        """
        started = time.monotonic()
        seconds = deadline - started
        before, call = self._call, _Call(deadline)
        if call.thread == self._main and not self._has_signal:
            self._take_signal()
        self._call = call
        if deadline < self._due:
            self._watch_from(seconds)
        context = copy_context()
        try:
            return context.run(answer, environ)
        finally:
            self._call = before
            release(call.guard)
            if call.places is not None:
                path = environ.get("PATH_INFO", "")
                method = environ.get("REQUEST_METHOD")
                context.run(log_late, method, path, round(seconds, 3), call.places)

    def _take_signal(self) -> None:
        """Have the main thread asked by a signal; only in it can that be said."""
        self._has_signal = True
        if _SIGNAL is not None:
            signal.signal(_SIGNAL, self._on_signal)

    def _watch_from(self, seconds: float) -> None:
        """Look at calls that soon after their beginning; their times differ a little."""
        self._shortest = max(_SHORTEST_LOOK, min(self._shortest, seconds * _SHARE))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
            self._thread.start()
        self._changed.set()

    def _run(self) -> None:
        while True:
            self._changed.clear()
            # Before the look: a call that begins meanwhile wakes this.
            self._due = float("inf")
            call, now = self._call, time.monotonic()
            if call is not None and call.deadline <= now:
                try:
                    self._end(call)
                except Exception:  # noqa: BLE001 - the only one that looks for late calls
                    _log.exception("A late call could not be ended.")
                    self._wait_for(call)
                continue
            self._due = now + self._shortest if call is None else call.deadline
            self._changed.wait(self._due - now)

    def _end(self, call: _Call) -> None:
        """Do what can be done until a late call is over."""
        interruption = call.interruption = Interruption(
            call.thread, call.guard, Watchdog.call.__code__, RequestTimeoutException
        )
        call.places = places_of(interruption.frames()) or call.places
        pause = _SHORTEST_PAUSE
        while self._call is call:
            if interruption.guard:
                if interruption.thread != self._main or _SIGNAL is None:
                    interruption.attempt()
                # Asked here first, so that the call's thread need not read sources to know it.
                elif may_be_raised(interruption.frames()):
                    signal.pthread_kill(interruption.thread, _SIGNAL)
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _wait_for(self, call: _Call) -> None:
        while self._call is call:
            time.sleep(_LONGEST_PAUSE)

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        call = self._call
        if call is None or frame is None or call.is_asking or call.deadline > time.monotonic():
            return
        call.is_asking = True  # another signal may come meanwhile
        try:
            call.interruption.ask(frame)
        finally:
            call.is_asking = False


watchdog = Watchdog()
