"""Who wanted a cancellation: whoever runs the task, or code in it."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from weakref import WeakSet

from .jobs import works_for

_unheard: WeakSet[asyncio.Task[Any]] = WeakSet()


def cancel_unheard(task: asyncio.Task[Any]) -> None:
    """Cancel a task because nobody is left who would hear of its end."""
    _unheard.add(task)
    task.cancel()


def is_unheard() -> bool:
    """Whether the current task was cancelled by `cancel_unheard`."""
    return asyncio.current_task() in _unheard


def is_asked_for() -> bool:
    """Whether the current task was told to end, and has not raised `CancelledError` by itself.

    It did so by itself where it awaited something else that was cancelled. Python 3.10 cannot tell:
    there every cancellation counts as asked for.
    """
    if sys.version_info < (3, 11):
        return True
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def is_told() -> bool:
    """Whether this thread works for a task that was told to end: its waiting ended with that."""
    job = works_for.get()
    return job is not None and job.is_told


def is_end_of_task(error: BaseException) -> bool:
    """Whether an exception of sync code is only the end of the task that it works for."""
    return isinstance(error, asyncio.CancelledError) and is_told()
