"""Sync code that a thread runs for a task of an event loop, and its end when the task ends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from .interruption import Interruption


LATE = "its deadline is over"
"""The message of a cancellation that ends the code in the thread as well."""

_STEP_SECONDS = 0.01
_MOST_STEPS = 500


class _Result(asyncio.Future[Any]):
    """What a task awaits while a thread works for it."""

    job: Job

    def cancel(self, msg: object = None) -> bool:
        # The task's own `cancel` comes through here.
        if msg == LATE:
            self.job.end_late()
        return self.job.leave() or self.cancel_now(msg)

    def cancel_now(self, msg: object = None) -> bool:
        return super().cancel(msg)


class Job:
    """Sync code that runs in a thread for a task.

    Attributes:
        loop: the task's.
        context: what it runs in.
        result: what the task awaits.
        waits_for: the coroutine's task that the thread waits for, None while it works.
        is_left: whether the task was cancelled and has not waited for the thread.
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
        self.is_left = False
        self.is_over = False
        self._call = call
        self._guard: list[None] = []
        self._thread = 0
        self._is_kept = is_kept

    def run(self) -> None:
        """Run in this thread; raises nothing."""
        if self.is_left and not self._is_kept:
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
        works_for.set(self)
        self._thread = threading.get_ident()
        guard = self._guard = [None]
        try:
            return self._call()
        finally:
            try:
                guard.pop()
            except IndexError:
                from .interruption import release

                release(guard, self._thread)

    def end_late(self) -> None:
        """Raise `RequestTimeoutException` in the thread, if it works and as soon as it may be."""
        if self.waits_for is not None or not self._guard:
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
        if result.done():
            if error is None and self.unwanted is not None:
                self.unwanted(value)
            return
        if error is None:
            result.set_result(value)
        elif isinstance(error, asyncio.CancelledError):
            result.cancel_now()
        elif isinstance(error, (StopIteration, GeneratorExit)):
            # A future cannot carry the one (PEP 479 is the same rule for generators), and who
            # awaits is not to be closed by the other.
            stopped = RuntimeError(f"The function raised {type(error).__name__}.")
            stopped.__cause__ = error
            result.set_exception(stopped)
        else:
            result.set_exception(error)

    def leave(self) -> bool:
        """End what the thread waits for; False when it works, which nothing can end from here."""
        if self.waits_for is not None and self.waits_for.cancel():
            return True
        self.is_left = True
        return False

    def refuse(self) -> None:
        """End it unrun: its thread has gone."""
        self.result.cancel_now()


works_for: ContextVar[Job | None] = ContextVar("functions_framework.works_for", default=None)
"""What this thread runs, None where it works for no loop."""
