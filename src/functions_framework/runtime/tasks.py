"""The tasks that async calls run in: each takes its first step at once.

A call that never waits is then done without another turn of the event loop. Python does so from
3.12 on (`eager_start`); before, the loop is handed the step by a task that is being made, and here
the hand is held open for it. Only `loop.call_soon` is used, as documented.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

T = TypeVar("T")


def start(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Make a task that has run up to its first wait, or to its end.

    Called by the loop, outside any task.
    """
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=loop, eager_start=True)
    first: list[tuple[Callable[[], object], Context]] = []

    def catch(step: Callable[[], object], *, context: Context) -> None:
        first.append((step, context))

    try:
        loop.call_soon = catch  # type: ignore[method-assign, assignment]
    except AttributeError:  # a loop of another kind, such as uvloop's
        return loop.create_task(work)
    try:
        task = asyncio.Task(work, loop=loop)
    finally:
        del loop.call_soon
    ((step, context),) = first
    context.run(step)
    return task
