"""The events of a batch on a sync host: a thread each, as far as there are places for their calls.

The thread of the request works through the events itself. Others help while there are events left
and places free: one after a moment, each by another, and one more whenever an event took its time.
So events that are done in no time are not sent around, and those that wait do so at the same time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.exceptions import RequestTimeoutException
from functions_framework.model.execution import execution
from functions_framework.model.message import Reply, tuple_of
from functions_framework.runtime import places
from functions_framework.runtime.closing import close
from functions_framework.runtime.interruption import Interruption, release
from functions_framework.runtime.threads import SPARE

from ..batches import Answered, answer

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ
    from functions_framework.runtime.places import GiveBack


_MOST = 64
"""Threads for one batch, where nobody limits calls."""

_LONG_SECONDS = 0.001
_PAUSE_SECONDS = 0.005
"""How long a thread works that is not asked for the interpreter: shorter batches are left alone."""

_STEP_SECONDS = 0.01

Event = TypeVar("Event")

Respond = Callable[[bytes], Reply]
"""Answers one event of a batch, in structured mode; never raises."""

# What belongs to the request and not to its events.
_OF_BATCH = (
    "HTTP_CE_",
    "HTTP_FUNCTION_EXECUTION_ID",
    "HTTP_TRANSFER_ENCODING",
    "CONTENT_LENGTH",
    "werkzeug.",
    "flask.",
)


def answer_each(respond: Respond, events: list[bytes]) -> Reply:
    """The response to a batch.

    Args:
        respond: answers each.
        events: those of its body.
    """
    team = Team(respond, events)
    team.run()
    return answer(events, team.answered)


def shared_by_events(environ: Environ) -> Environ:
    """What the request of a batch and each of its events have in common."""
    shared = {name: value for name, value in environ.items() if not name.startswith(_OF_BATCH)}
    return shared | {"CONTENT_TYPE": STRUCTURED_TYPE, "wsgi.input_terminated": True}


class _Helper(NamedTuple):
    """A thread at work, and the guard of what it does (see `runtime.interruption`)."""

    thread: int
    guard: list[None]


class Team(Generic[Event]):
    """The threads that work on one batch.

    Args:
        respond: answers each event; never raises.
        events: in whatever form it takes.
        deadline: after which none is begun, in `time.monotonic()` seconds; None for that of the
            call in progress.

    Attributes:
        answered: the outcome of each, None where it was not begun before the deadline.
    """

    def __init__(
        self,
        respond: Callable[[Event], Reply],
        events: Sequence[Event],
        deadline: float | None = None,
    ) -> None:
        self.answered: list[Answered | None] = [None] * len(events)
        self._respond = respond
        running = execution.get()
        self._deadline = running.deadline if running and deadline is None else deadline
        self._context = copy_context()
        self._left = deque(enumerate(events))
        # One entry for each event that is over, which threads may add without a lock.
        self._over: list[None] = []
        self._done = threading.Event()
        self._hired = 0
        self._helpers: list[_Helper] = []

    def run(self) -> None:
        """Work on the events, and wait for those that others work on; raises nothing."""
        if not self._left:
            return
        self._hire(_PAUSE_SECONDS)
        while self._serve_next():
            pass
        if not self._is_done(self._seconds()):
            self._end_late()

    def _seconds(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _is_done(self, seconds: float | None) -> bool:
        try:
            return self._done.wait(seconds)
        except RequestTimeoutException:  # of the deadline: there is only one
            return False

    def _end_late(self) -> None:
        """End what others still do; this thread stays as long as they do."""
        first = Team._help.__code__
        ends = [
            Interruption(helper.thread, helper.guard, first, RequestTimeoutException)
            for helper in self._helpers
        ]
        while not self._is_done(_STEP_SECONDS):
            ends = [one for one in ends if not one.attempt()]
        for one in ends:
            one.close()

    def _hire(self, pause: float = 0.0) -> None:
        """Let another thread help, where there is something to do and a place for it.

        Args:
            pause: seconds it waits first: where all is done by then, it was in nobody's way.
        """
        if not self._left or self._hired >= _MOST or (place := places.take()) is None:
            return
        self._hired += 1
        try:
            SPARE.start(partial(self._help, place, pause))
        except RuntimeError:  # no more threads: it takes longer, then
            place()

    def _help(self, given: GiveBack, pause: float) -> None:
        place: GiveBack | None = given
        helper = _Helper(threading.get_ident(), [None])
        self._helpers.append(helper)
        try:
            if pause:
                self._done.wait(pause)
            self._hire()
            while place is not None and self._serve_next():
                place()  # to a call that waits for one, if there is one
                place = places.take()
        except RequestTimeoutException:
            pass  # between two events
        finally:
            release(helper.guard)
            self._hired -= 1
            if place is not None:
                place()

    def _serve_next(self) -> bool:
        """Have the next event served; False when none is left, or it is too late for any."""
        try:
            index, event = self._left.popleft()
        except IndexError:
            return False
        started = time.monotonic()
        ended = None
        try:
            if self._deadline is None or started < self._deadline:
                ended = self.answered[index] = self._context.copy().run(self._serve, event, started)
        finally:
            self._over.append(None)
            if len(self._over) == len(self.answered):
                self._done.set()
        if ended is not None and ended.seconds > _LONG_SECONDS:
            self._hire()
        return True

    def _serve(self, event: Event, started: float) -> Answered:
        reply = self._respond(event)
        if not isinstance(reply.body, bytes):
            close(None, reply.body)  # of an error handler: nobody reads it
            reply = reply._replace(body=b"")
        running = execution.get()
        if running is not None and running.unfinished:
            from functions_framework.logs.streams import flush_call

            flush_call(running)
        answered: Answered = tuple_of(Answered, (reply, running, time.monotonic() - started))
        return answered
