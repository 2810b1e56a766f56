"""How an async server's threads take turns: the engine's do not interrupt the event loop's.

Linux lets a thread that wakes up interrupt the one that runs. Where both need the interpreter's
lock, the one that woke up then waits for the very thread it has interrupted; on one core this took
up to half of the time of a small call. Under `SCHED_BATCH` (sched(7)) the running thread goes on
until it waits or its time slice ends.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def polite_threads() -> Iterator[None]:
    """Let the threads that are started in the block interrupt no others.

    Only theirs is changed: threads and processes that a call starts are scheduled as usual. A
    process that was given a policy of its own keeps it.
    """
    before = os.sched_getscheduler(0) if hasattr(os, "SCHED_BATCH") else None
    if before is None or before != os.SCHED_OTHER:
        yield
        return
    _choose(os.SCHED_BATCH)
    try:
        yield
    finally:
        _choose(before)


def _choose(policy: int) -> None:
    with suppress(OSError):  # a sandbox that forbids it
        os.sched_setscheduler(0, policy, os.sched_param(0))
