"""Ends sync calls that run past their deadline, from one thread for all of them.

Nothing is armed for a call. As every call has the same time, the next that can be late is the one
that has run longest, so the thread sleeps until then and looks at the calls in progress.

A late call gets `RequestTimeoutException` raised in its thread, which takes effect at its next
bytecode. If it sits in a blocking call of C code the client is answered anyway. The exception must
never reach the next call of the same thread: `guard` decides who ends a call, and a call that
comes second waits for the exception, or for it to be called off.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.hosts.errors import TIMEOUT_REPLY
from functions_framework.runtime.escaping import Lines, own_logger

from ..wire.gate import answer
from .thread_exceptions import raise_in, take_back

if TYPE_CHECKING:
    from .admission import Admission, Slot

_log = own_logger("functions_framework.server")
_ANSWER_AFTER = 0.05
"""Seconds the function has for an answer of its own before the client gets the plain 504."""


class Watchdog:
    """Watches the calls in progress.

    Args:
        admission: knows them.
        seconds: how long each may take.
    """

    def __init__(self, admission: Admission, seconds: float) -> None:
        self._admission = admission
        self._seconds = seconds
        self._lock = threading.Lock()
        self._late: list[tuple[float, Any, str]] = []

    def start(self) -> None:
        """Start watching, for as long as the process lives."""
        threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def begin(self, slot: Slot, protocol: Any) -> float:
        """Put a call under watch; return its deadline in `time.monotonic()` seconds.

        `slot.started` is set before and `slot.environ` after: only then it is looked at.
        """
        slot.thread = threading.get_ident()
        slot.protocol = protocol
        slot.guard = [None]
        return slot.started + self._seconds

    def end(self, slot: Slot) -> None:
        """Release a call; no exception comes afterwards.

        Raises:
            RequestTimeoutException: it came while this was waited for.
        """
        try:
            slot.guard.pop()
        except IndexError:
            with self._lock:
                take_back(slot.thread)

    def _run(self) -> None:
        due = 0.0
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            due = min(self._interrupt_late(), self._answer_late())

    def _interrupt_late(self) -> float:
        """Interrupt the calls past their deadline; return when the next can be."""
        now = time.monotonic()
        due = now + self._seconds
        for slot in self._admission.taken():
            # In this order: a guard of this call's means a start of this call's.
            guard = slot.guard
            end = slot.started + self._seconds
            if end > now:
                due = min(due, end)
                continue
            with self._lock:
                is_late = self._take(guard)
                if is_late:
                    protocol, environ = slot.protocol, slot.environ or {}
                    stack = self._interrupt(slot.thread)
            if is_late:
                method = environ.get("REQUEST_METHOD", "")
                self._late.append((now + _ANSWER_AFTER, protocol, method))
                log_late(method, environ.get("PATH_INFO"), self._seconds, stack)
        return due

    @staticmethod
    def _take(guard: list[None]) -> bool:
        try:
            guard.pop()
        except IndexError:
            return False
        return True

    @staticmethod
    def _interrupt(thread: int) -> traceback.StackSummary:
        frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented, for debuggers
        stack = traceback.extract_stack(frame) if frame else traceback.StackSummary()
        raise_in(thread, RequestTimeoutException)
        return stack

    def _answer_late(self) -> float:
        """Answer for the calls that did not in time; return when the next is due."""
        now = time.monotonic()
        waiting = []
        for due, protocol, method in self._late:
            if due <= now:
                # One that has answered meanwhile takes no second answer.
                answer(protocol, TIMEOUT_REPLY, method)
            else:
                waiting.append((due, protocol, method))
        self._late = waiting
        return min((due for due, _, _ in waiting), default=float("inf"))


def log_late(method: Any, path: Any, seconds: float, stack: traceback.StackSummary) -> None:
    """One record for a call past its deadline, with the stack of where it was."""
    _log.error(
        "%s %s ran past its deadline of %g seconds and was ended here:\n%s",
        method,
        path,
        seconds,
        Lines("".join(stack.format()).rstrip()),
    )
