"""Sync code that a thread runs for a task of an event loop, and its end when the task ends."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context
    from types import FrameType

    from .interruption import Interruption


LATE = "its deadline is over"
"""The message of a cancellation that ends the code in the thread as well."""

_STEP_SECONDS = 0.01
_MOST_STEPS = 500


class _Result(asyncio.Future[Any]):
    """What a task awaits while a thread works for it.

    Attributes:
        job: what it is of; None when that has its outcome, as nothing is left to the garbage
            collector: what it holds may be large.
    """

    job: Job | None

    def cancel(self, msg: object = None) -> bool:
        # The task's own `cancel` comes through here.
        job = self.job
        if job is None:
            return self.cancel_now(msg)
        job.is_told, job.is_late = True, msg == LATE
        if job.leave():
            return True
        if job.is_late:
            job.end_late()
        return self.cancel_now(msg)

    def cancel_now(self, msg: object = None) -> bool:
        return super().cancel(msg)


class Job:
    """Sync code that runs in a thread for a task.

    Attributes:
        loop: the task's.
        context: what it runs in.
        result: what the task awaits.
        waits_for: the coroutine's task that the thread waits for, None while it works.
        is_told: whether the task was cancelled while it waited for the thread.
        is_late: whether it was because its deadline is over.
        is_left: whether it was, and waits no longer.
        is_over: whether the thread is done with it.
        unwanted: called on the loop with what comes of it when nobody waits any more.
    """

    unwanted: Callable[[Any], object] | None = None

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        context: Context,
        call: Callable[[], Any],
        *,
        is_kept: bool = False,
    ) -> None:
        self.loop = loop
        self.context = context
        self.result = _Result(loop=loop)
        self.result.job = self
        self.waits_for: asyncio.Task[None] | None = None
        self.is_told = False
        self.is_late = False
        self.is_left = False
        self.is_over = False
        self._call = call
        self._guard: list[None] = []
        self._thread = 0
        self._is_kept = is_kept

    def run(self) -> None:
        """Run in this thread; raises nothing."""
        if self.is_left and not self._is_kept:
            self.result.job = None
            return  # before it began
        outcome = self._outcome()
        self.is_over = True
        with suppress(RuntimeError):  # the loop is closed, its process ends
            self.loop.call_soon_threadsafe(self._settle, *outcome)

    def _outcome(self) -> tuple[Any, BaseException | None]:
        try:
            return self.context.run(self._run), None
        except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
            return None, error

    def _run(self) -> Any:
        token = works_for.set(self)
        self._thread = threading.get_ident()
        guard = self._guard = [None]
        try:
            return self._call()
        finally:
            try:
                guard.pop()
            except IndexError:
                from .interruption import release

                release(guard)
            works_for.reset(token)  # the context would hold it, as it holds the context

    def end_late(self) -> None:
        """Raise `RequestTimeoutException` in the thread, if it works and as soon as it may be."""
        if not self._guard:
            return
        from functions_framework.exceptions import RequestTimeoutException

        from .interruption import Interruption

        first = Job._run.__code__
        self._try_to_end(
            Interruption(self._thread, self._guard, first, RequestTimeoutException), _MOST_STEPS
        )

    def _try_to_end(self, interruption: Interruption, steps: int) -> None:
        if interruption.attempt() or not steps or self.is_over:
            interruption.close()
        else:
            self.loop.call_later(_STEP_SECONDS, self._try_to_end, interruption, steps - 1)

    def _settle(self, value: object, error: BaseException | None) -> None:
        result = self.result
        result.job = None
        if result.done():
            if error is None and self.unwanted is not None:
                self.unwanted(value)
            return
        if error is None:
            result.set_result(value)
        elif isinstance(error, asyncio.CancelledError) or self._is_of_deadline(error):
            result.cancel_now()
        elif isinstance(error, (StopIteration, GeneratorExit)):
            # A future cannot carry the one (PEP 479 is the same rule for generators), and who
            # awaits is not to be closed by the other.
            stopped = RuntimeError(f"The function raised {type(error).__name__}.")
            stopped.__cause__ = error
            result.set_exception(stopped)
        else:
            result.set_exception(error)

    def give_away(self) -> None:
        """The task was cancelled; its result may have come before it could take it."""
        result = self.result
        if result.done() and not result.cancelled():
            failed = result.exception() is not None  # seen; not "never retrieved"
            if self.unwanted is not None and not failed:
                self.unwanted(result.result())

    def _is_of_deadline(self, error: BaseException) -> bool:
        """Whether it is what sync code saw in the place of its task's cancellation."""
        if not self.is_late:
            return False
        from functions_framework.exceptions import RequestTimeoutException

        return isinstance(error, RequestTimeoutException)

    def leave(self) -> bool:
        """End what the thread waits for; False when it works, which nothing can end from here."""
        if self.waits_for is not None and self.waits_for.cancel():
            return True
        self.is_left = True
        return False

    def frames(self) -> list[FrameType]:
        """Where its thread is, innermost first; nowhere before it began and after its end."""
        if not self._guard:
            return []
        from .interruption import frames_until

        innermost = sys._current_frames().get(self._thread)  # noqa: SLF001 - documented, for debuggers
        return frames_until(innermost, Job._run.__code__)

    def refuse(self) -> None:
        """End it unrun: its thread has gone."""
        self.result.job = None
        self.result.cancel_now()


works_for: ContextVar[Job | None] = ContextVar("functions_framework.works_for", default=None)
"""What this thread runs, None where it works for no loop."""
