"""Sync code and async code that are parts of one call, and how each of them waits for the other.

A thread that waits for a coroutine runs, meanwhile, the sync code which that coroutine calls. So a
call needs one thread at most, however often it changes sides, and never waits for a place in a pool
while it holds one. Context variables cross in both directions, as if nothing lay between. Whatever
ends the waiting ends what is waited for: a coroutine is cancelled with the thread that waits for
it, and a thread leaves its waiting when the task that it works for is cancelled.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from . import background_loop
from .checkpoints import made_for_it
from .jobs import Job, works_for
from .threads import SPARE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .threads import Start

_MISSING = object()
_STEP_SECONDS = 0.05
"""How often a waiting thread wakes up: an exception raised in it from outside waits for that."""


class _Lane:
    """A thread that waits for a coroutine; all but `serve` is called on the coroutine's loop.

    Attributes:
        loop: the coroutine's.
        context: what the coroutine ended in, None when it never began.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.context: Context | None = None
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._task: asyncio.Task[None] | None = None
        self._is_free = True
        self._is_closed = False
        self._value: Any = None
        self._error: BaseException | None = asyncio.CancelledError()

    def begin(self, make: Callable[[], Awaitable[Any]], job: Job | None, *, is_kept: bool) -> None:
        self._task = self.loop.create_task(self._run(make, job, is_kept=is_kept))
        self._task.add_done_callback(self._end)

    async def _run(
        self, make: Callable[[], Awaitable[Any]], job: Job | None, *, is_kept: bool
    ) -> None:
        if job is not None:
            if job.is_left and not is_kept:
                return
            # Not before: a task that is cancelled before its first step never takes it.
            job.waits_for = asyncio.current_task()
        _waits.set(self)
        try:
            self._value = await make()
            self._error = None
        except BaseException as error:  # noqa: BLE001 - an exit would end the loop, for all calls
            self._error = error
        self.context = copy_context()

    def _end(self, _task: object = None) -> None:
        self._is_closed = True
        self._task = None  # its context holds this
        self._inbox.put(None)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def abandon(self) -> None:
        """The thread waits no longer."""
        self._is_closed = True
        with suppress(Empty):
            while True:
                job = self._inbox.get_nowait()
                if job is not None:
                    job.refuse()

    def take(self, job: Job, *, is_patient: bool) -> bool:
        """Have the thread run a job, unless it has one already (and nobody is patient)."""
        if self._is_closed or not (self._is_free or is_patient):
            return False
        self._is_free = False
        self._inbox.put(job)
        return True

    def serve(self) -> None:
        """Run what the coroutine has run in this thread, until it ends."""
        while True:
            try:
                job = self._inbox.get(timeout=_STEP_SECONDS)
            except Empty:
                if self._is_closed:
                    return  # an exception from outside came between its end and this
                continue
            if job is None:
                return
            job.run()
            self._is_free = True

    def take_outcome(self) -> Any:
        """The coroutine's result, or what it raised."""
        error, self._error = self._error, None
        if error is None:
            return self._value
        try:
            raise error
        finally:
            del error  # its traceback holds this frame


made_for_it.add(_Lane.serve.__code__)

_waits: ContextVar[_Lane | None] = ContextVar("functions_framework.waits", default=None)


def wait_for(
    make: Callable[[], Awaitable[Any]],
    loop: asyncio.AbstractEventLoop | None = None,
    *,
    is_kept: bool = False,
) -> Any:
    """Run async code from this thread and wait for it.

    Args:
        make: called on the loop; gives what is awaited.
        loop: where it runs; else the loop whose task this thread works for, or the one beside
            sync code.
        is_kept: whether it runs though nobody waits for this thread's work any more: what closes
            or keeps something.

    Raises:
        CancelledError: nobody waits for this thread's work any more.
        RequestTimeoutException: the call's deadline ended it.
        BaseException: what it raises. An exception that is raised in this thread meanwhile cancels
            it, waits for its `finally`, and goes on from here.
    """
    job = works_for.get()
    if loop is None:
        loop = background_loop.running() if job is None else job.loop
    lane = _Lane(loop)
    begin = partial(lane.begin, make, job, is_kept=is_kept)
    loop.call_soon_threadsafe(begin, context=copy_context())
    try:
        _serve(lane)
    finally:
        if job is not None:
            job.waits_for = None
    context, lane.context = lane.context, None  # it holds the lane
    if context is not None:
        _adopt(context)
    return _outcome(lane, job)


def _serve(lane: _Lane) -> None:
    try:
        lane.serve()
    except BaseException:
        lane.loop.call_soon_threadsafe(lane.cancel)
        try:
            lane.serve()
        except BaseException:
            lane.loop.call_soon_threadsafe(lane.abandon)
            raise
        raise


def _outcome(lane: _Lane, job: Job | None) -> Any:
    try:
        return lane.take_outcome()
    except asyncio.CancelledError:
        if job is None or not job.is_late:
            raise
        from functions_framework.exceptions import RequestTimeoutException

        raise RequestTimeoutException from None  # as wherever else sync code is late


async def run_in_thread(  # noqa: PLR0913 - most calls give one or two
    call: Callable[..., Any],
    *arguments: Any,
    start: Start = SPARE.start,
    context: Context | None = None,
    is_bound: bool = False,
    is_kept: bool = False,
    unwanted: Callable[[Any], object] | None = None,
) -> Any:
    """Run sync code in a thread: the one that waits for this coroutine if there is one.

    Args:
        call: what is run.
        arguments: what it is called with.
        start: runs a job in another thread, where none waits or the one that does has work.
        context: what it runs in; else a copy of this one, whose changes come back.
        is_bound: whether it must be the thread that waits.
        is_kept: whether it runs though the task was cancelled before it began.
        unwanted: takes, in a thread, what comes when the task waits no more; raises nothing.

    Raises:
        BaseException: what it raises.
        RuntimeError: it must be a thread that waits no longer.
    """
    loop = asyncio.get_running_loop()
    around = copy_context() if context is None else context
    job = Job(loop, around, lambda: call(*arguments), is_kept=is_kept)
    if unwanted is not None:
        job.unwanted = lambda value: start(partial(around.run, unwanted, value))
    if not _is_taken(job, loop, is_bound=is_bound):
        start(job.run)
    try:
        return await job.result
    except asyncio.CancelledError:
        job.give_away()
        raise
    finally:
        if context is None and job.is_over:
            _adopt(job.context)


def _is_taken(job: Job, loop: asyncio.AbstractEventLoop, *, is_bound: bool) -> bool:
    """Whether a thread that waits for this coroutine runs a job."""
    lane = _waits.get()
    if lane is not None and lane.loop is loop and lane.take(job, is_patient=is_bound):
        return True
    if is_bound:
        raise RuntimeError("The call that this belongs to has ended.")
    return False


def _adopt(context: Context) -> None:
    """Set here what was set there."""
    for variable, value in context.items():
        if variable.get(_MISSING) is not value and variable not in (_waits, works_for):
            variable.set(value)


def run_within(context: Context, call: Callable[[], Any]) -> Any:
    """Run sync code in another context, as part of what this thread works for."""
    return context.run(_run_for, works_for.get(), call)


def _run_for(job: Job | None, call: Callable[[], Any]) -> Any:
    token = works_for.set(job)
    try:
        return call()
    finally:
        works_for.reset(token)  # the context would hold it, as it holds the context
