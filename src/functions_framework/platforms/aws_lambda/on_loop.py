"""Calls of async functions: one event loop for the life of an execution environment.

It runs while a call does, in the thread in which Lambda calls. What a call leaves running stands
still until the next one, as Lambda freezes the environment in between.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from functions_framework.api.lifecycle import run
from functions_framework.calls.answers_async import answer_of
from functions_framework.logs.late import Place, log_late, places_of_task
from functions_framework.model.execution import EXECUTION_ID, Execution, execution
from functions_framework.runtime.jobs import LATE

from .call_loop import CallLoop
from .requests import Asked, RequestScope, scope_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.calls.answers import Answer
    from functions_framework.hosts.batches import Answered
    from functions_framework.logs import CallEnd
    from functions_framework.model.interfaces import AsyncHost, Scope


T = TypeVar("T")

_EXECUTION_ID = EXECUTION_ID.lower()
ANSWER_AFTER = 0.05
"""Seconds that a cancelled call has for a response of its own."""


class LoopCalls:
    """Has an async host answer.

    Args:
        host: the host.
        lifecycle: what runs before the first call and after the last.
        end: told of the end of each call; None where there is nothing to do.
        is_application: whether a whole application answers.
    """

    is_async: Literal[True] = True

    def __init__(
        self, host: AsyncHost, lifecycle: Lifecycle, end: CallEnd | None, *, is_application: bool
    ) -> None:
        self._host = host
        self._lifecycle = lifecycle
        self._end = end
        self._is_application = is_application
        self._loop = CallLoop()
        asyncio.set_event_loop(self._loop)

    def start(self) -> None:
        """Run the start-up hooks."""
        self._loop.run_until_complete(self._lifecycle.start())

    def stop(self) -> None:
        """Run the shut-down hooks, close the resources, and the loop."""
        loop = self._loop
        loop.run_until_complete(self._lifecycle.stop())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    def run(self, hooks: Sequence[Callable[[], Any]]) -> None:
        """Run hooks of a snapshot."""
        self._loop.run_until_complete(run(hooks))

    def answer(self, asked: Asked) -> tuple[Answer | None, Execution | None]:
        """The response to a request, None where its time was over first; and its call."""
        scope = scope_of(asked, is_application=self._is_application)
        found = self._in_time(self._answered(scope, asked.incoming.body), scope, asked.deadline)
        return found or (None, None)

    async def _answered(self, scope: Scope, body: bytes) -> tuple[Answer, Execution | None]:
        started = time.monotonic()
        answer = await answer_of(self._host, scope, body, has_length=False)
        running = execution.get()
        if self._end is not None:
            size, seconds = len(answer.body), time.monotonic() - started
            self._end(scope["method"], scope["path"], answer.status, size, seconds)
        return answer, running

    def outcomes(
        self, asked: Asked, events: Sequence[bytes], fields: Sequence[Mapping[str, str]]
    ) -> list[Answered | None]:
        """What became of events; see `in_thread`."""
        from functions_framework.hosts.asgi.event_tasks import Team

        scope = scope_of(asked, is_application=False)
        answered: list[Answered | None] = [None] * len(events)

        async def work() -> None:
            # Made on the loop, and asked where it is ended in the middle, too.
            team = Team(self._host.respond, scope, events, fields)
            try:
                await team.run()
            finally:
                answered[:] = team.answered

        self._in_time(work(), scope, asked.deadline)
        return answered

    def _in_time(
        self, coroutine: Coroutine[Any, Any, T], scope: RequestScope, deadline: float
    ) -> T | None:
        """What a coroutine returns, None where its time is over before."""
        loop = self._loop
        task = loop.begin(coroutine)
        if task.done():
            return task.result()
        seconds = deadline - time.monotonic()
        late = _Late(task, scope, seconds)
        timer = loop.call_later(max(0.0, seconds), late.end)
        try:
            return loop.run_until_complete(task)
        except asyncio.CancelledError:
            if not late.is_ended:
                raise
        except RuntimeError:
            # The loop was stopped by `late`: the task goes on in spite of its end.
            if task.done() or not late.is_ended:
                raise
        finally:
            timer.cancel()
            late.close()
        return None


class _Late:
    """Ends a task whose time is over, and the wait for it a moment later."""

    def __init__(self, task: asyncio.Task[Any], scope: RequestScope, seconds: float) -> None:
        self._task = task
        self._scope = scope
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self.is_ended = False

    def end(self) -> None:
        places = places_of_task(self._task)
        self.is_ended = True
        self._task.cancel(LATE)
        loop = self._task.get_loop()
        self._timer = loop.call_later(ANSWER_AFTER, loop.stop)
        copy_context().run(self._log, places)

    def _log(self, places: list[Place]) -> None:
        fields = self._scope.by_name
        execution.set(Execution(fields[_EXECUTION_ID], traceparent=fields.get("traceparent")))
        log_late(self._scope["method"], self._scope["path"], round(self._seconds, 3), places)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
