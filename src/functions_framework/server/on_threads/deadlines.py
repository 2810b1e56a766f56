"""Ends sync calls that run past their deadline, from one thread for all of them.

Nothing is armed for a call. As every call has the same time, the next that can be late is the one
that has run longest, so the thread sleeps until then and looks at the calls in progress.

A late call gets `RequestTimeoutException` raised in its thread, where and when that is safe (see
`runtime.interruption`). Until then, and where it never comes to it, its client is answered from
here. A call that goes on all the same keeps its thread and its place: then the worker asks to be
replaced. Nothing here takes a lock of the user's, writes a record or calls the user's code.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.hosts.errors import TIMEOUT_REPLY
from functions_framework.logs.late import places_of
from functions_framework.runtime.interruption import Interruption, module_of, release

from ..wire.gate import answer
from ..wire.late_calls import PATIENCE, LateCalls

if TYPE_CHECKING:
    from types import CodeType

    from ..wire.interfaces import Answering
    from .admission import Admission, Slot

ANSWER_AFTER = 0.05
"""Seconds the function has for a response of its own before the client gets the plain 504."""

_SHORTEST_PAUSE = 0.001
_LONGEST_PAUSE = 0.05


class Watchdog:
    """Watches the calls in progress.

    Args:
        admission: knows them.
        seconds: how long each may take.
        serving: the code that serves one call, the outermost frame that is looked at.

    Attributes:
        records: notes late calls.
    """

    def __init__(self, admission: Admission, seconds: float, serving: CodeType) -> None:
        self._admission = admission
        self._seconds = seconds
        self._serving = serving
        self.records = LateCalls(seconds)
        self._late: dict[int, _LateCall] = {}

    def start(self) -> None:
        """Start watching, for as long as the process lives."""
        self.records.start()
        threading.Thread(target=self._run, name="deadlines", daemon=True).start()

    def begin(self, slot: Slot, protocol: Answering) -> float:
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
        release(slot.guard)

    def _run(self) -> None:
        due = 0.0
        while True:
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                due = min(self._find_late(), self._end_late())
            except Exception as error:  # noqa: BLE001 - the only one that looks for late calls
                self.records.note_failure(error)
                due = time.monotonic() + _LONGEST_PAUSE

    def _find_late(self) -> float:
        """Take note of the calls past their deadline; return when the next can be."""
        now = time.monotonic()
        due = now + self._seconds
        for slot in self._admission.taken():
            # In this order: a guard of this call's means a start of this call's.
            guard = slot.guard
            end = slot.started + self._seconds
            if end > now:
                due = min(due, end)
            elif guard and id(guard) not in self._late:
                interruption = Interruption(
                    slot.thread, guard, self._serving, RequestTimeoutException
                )
                if frames := interruption.frames():
                    environ = slot.environ or {}
                    method = environ.get("REQUEST_METHOD", "")
                    self._late[id(guard)] = _LateCall(slot, method, interruption, end)
                    self.records.note(method, environ.get("PATH_INFO"), places_of(frames))
        return due

    def _end_late(self) -> float:
        """End and answer the late calls as far as can be; return when to look at them again."""
        due = float("inf")
        for key, call in list(self._late.items()):
            if call.is_over:
                call.interruption.close()
                del self._late[key]
            else:
                due = min(due, call.pursue())
                if call.is_hopeless():
                    self.records.give_up()
        return due


class _LateCall:
    """A call past its deadline, until its thread has left it.

    Args:
        slot: where it runs.
        method: of its request.
        interruption: ends it.
        deadline: `time.monotonic()` seconds at which it was over.
    """

    def __init__(
        self, slot: Slot, method: str, interruption: Interruption, deadline: float
    ) -> None:
        self._slot = slot
        self._protocol = slot.protocol
        self._method = method
        self.interruption = interruption
        self.deadline = deadline
        self._is_answered = False
        self._is_settled = False
        self._pause = _SHORTEST_PAUSE

    @property
    def is_over(self) -> bool:
        """Whether its place is free again, or another call's."""
        return self._slot.guard is not self.interruption.guard or self._slot.environ is None

    def pursue(self) -> float:
        """Do what is due; return when to do so again."""
        now = time.monotonic()
        if not self._is_answered and now >= self.deadline + ANSWER_AFTER:
            # One that has answered meanwhile takes no second answer.
            self._is_answered = True
            answer(self._protocol, TIMEOUT_REPLY, self._method)
        if not self._is_settled:
            self._is_settled = True  # what fails once isn't tried again, and keeps back nobody
            self._is_settled = self.interruption.attempt()
        if not self._is_answered:
            return min(self.deadline + ANSWER_AFTER, now + self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        return now + self._pause

    def is_hopeless(self) -> bool:
        """Whether it goes on long after its deadline, and not because of its client.

        One that reads its body or sends its response has limits of its own.
        """
        if time.monotonic() < self.deadline + PATIENCE:
            return False
        frames = self.interruption.frames()
        name = module_of(frames[0]) if frames else ""
        return not name.startswith("functions_framework.server.")
