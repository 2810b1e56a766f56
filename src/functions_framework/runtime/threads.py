"""Threads that are made when they are needed, and end when nobody has needed them for a while."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

Job = Callable[[], object]
Start = Callable[[Job], object]
"""Has a job run in a thread."""

_IDLE_SECONDS = 2.0


class Threads:
    """Runs jobs in threads of its own.

    Args:
        name: begins the threads' names.
        most: how many run at once, the others wait for their turn; None for no limit. Without one
            no job waits for another, so jobs may wait for each other.
    """

    def __init__(self, name: str, most: int | None = None) -> None:
        self._name = name
        self._most = most
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._idle: list[SimpleQueue[Job]] = []
        self._waiting: deque[Job] = deque()
        self._count = 0

    def start(self, job: Job) -> None:
        """Run a job in a thread, soon; it must raise nothing.

        Raises:
            RuntimeError: the system gives no thread, and none of these will be free.
        """
        with self._lock:
            if self._idle:
                self._idle.pop().put(job)
                return
            if self._most is not None and self._count >= self._most:
                self._waiting.append(job)
                return
            self._count += 1
        thread = threading.Thread(
            target=self._work, args=(job,), name=f"{self._name}_{next(self._numbers)}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            with self._lock:
                self._count -= 1
                if self._most is None or not self._count:
                    raise
                self._waiting.append(job)

    def _work(self, job: Job | None) -> None:
        inbox: SimpleQueue[Job] = SimpleQueue()
        while job is not None:
            job()
            # Not held while this one waits: whatever the job holds may go.
            job = None
            job = self._next(inbox)

    def _next(self, inbox: SimpleQueue[Job]) -> Job | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(inbox)
        try:
            return inbox.get(timeout=_IDLE_SECONDS)
        except Empty:
            pass
        with self._lock:
            if inbox in self._idle:
                self._idle.remove(inbox)
                self._count -= 1
                return None
        return inbox.get()  # given at the last moment


SPARE = Threads("spare")
"""For what must never wait for a place: there are as many as there are jobs."""
