"""The record of a call past its deadline, and where it was."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.escaping import Lines, own_logger

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Sequence
    from types import FrameType

_log = own_logger("functions_framework.server")

Place = tuple[str, int, str, None]
"""File, line, function, and no text of the line: that is read when it is written."""


def places_of(frames: Iterable[FrameType]) -> list[Place]:
    """Where a thread is, outermost first; `frames` are innermost first."""
    found = [
        (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None) for frame in frames
    ]
    return found[::-1]


def places_of_task(task: asyncio.Task[Any]) -> list[Place]:
    """Where a task waits, outermost frame first, through what it awaits.

    Where that is a thread, on to where this is, and to the task that the thread waits for.
    """
    from functions_framework.runtime.crossing import run_in_thread

    frames: list[FrameType] = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None:
            frames.insert(0, frame)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    found = places_of(frames)
    if frames and frames[0].f_code is run_in_thread.__code__:
        job = frames[0].f_locals["job"]
        found += places_of(job.frames())
        if job.waits_for is not None:
            found += places_of_task(job.waits_for)
    return found


def log_late(method: object, path: object, seconds: float, places: Sequence[Place]) -> None:
    """Log a call that ran past its deadline.

    Args:
        method: of the request.
        path: of the request.
        seconds: that it had.
        places: where it was, outermost first; none for an async one that was not waiting.
    """
    if not places:
        text = "%s %s ran past its deadline of %g seconds before it came to an await."
        _log.error(text, method, path, seconds)
        return
    stack = traceback.StackSummary.from_list(places)
    _log.error(
        "%s %s ran past its deadline of %g seconds and was ended here:\n%s",
        method,
        path,
        seconds,
        Lines("".join(stack.format()).rstrip()),
    )
