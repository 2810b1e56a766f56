"""Who wanted a cancellation: whoever runs the task, or code in it."""

from __future__ import annotations

import asyncio
import sys


def is_asked_for() -> bool:
    """Whether the current task was told to end, and has not raised `CancelledError` by itself.

    It did so by itself where it awaited something else that was cancelled. Python 3.10 cannot tell:
    there every cancellation counts as asked for.
    """
    if sys.version_info < (3, 11):
        return True
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0
