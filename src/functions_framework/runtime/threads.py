"""Threads that are made when they are needed, and end when nobody has needed them for a while."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

Job = Callable[[], object]
Start = Callable[[Job], object]
"""Has a job run in a thread."""

_IDLE_SECONDS = 2.0


class _ThreadOfCalls(threading.Thread):
    """A daemon, but not to the threads that calls start in it: those would be daemons as well."""

    _runs = False

    def run(self) -> None:
        """Run what it was made for."""
        self._runs = True  # the interpreter has looked by now
        super().run()

    @property
    def daemon(self) -> bool:  # type: ignore[override]
        """Whether the interpreter waits for it; no longer so when it runs."""
        return not self._runs


class Threads:
    """Runs jobs in threads of its own.

    A job wakes no thread while one is already on its way: that one, before it begins a job, wakes
    the next if more jobs wait. So jobs that take no time are done by one thread, one after another,
    and each job that takes long has its own, as long as the system gives threads.

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
        self._idle: list[threading.Lock] = []
        self._waiting: deque[Job] = deque()
        self._count = 0
        self._is_one_coming = False

    def start(self, job: Job) -> None:
        """Run a job in a thread, soon; it must raise nothing.

        Raises:
            RuntimeError: the system gives no thread, and none of these will be free.
        """
        with self._lock:
            self._waiting.append(job)
            if self._is_one_coming or self._wake():
                return
            try:
                self._begin()
            except RuntimeError:
                if self._count and self._most is not None:
                    return  # one of them will be free
                self._waiting.pop()
                raise

    # What follows is called under the lock.

    def _wake(self) -> bool:
        """Have a thread come that is idle; False where a new one is to be made."""
        if self._idle:
            self._is_one_coming = True
            self._idle.pop().release()
            return True
        # Where there are enough, whichever is free first comes by itself.
        return self._most is not None and self._count >= self._most

    def _begin(self) -> None:
        name = f"{self._name}_{next(self._numbers)}"
        # It needs the lock only after this has returned.
        _ThreadOfCalls(target=self._work, name=name, daemon=True).start()
        self._is_one_coming = True
        self._count += 1

    def _work(self) -> None:
        alarm = threading.Lock()
        alarm.acquire()
        is_coming = True
        while True:
            with self._lock:
                if is_coming:
                    self._is_one_coming = False
                job = self._waiting.popleft() if self._waiting else None
                if job is None:
                    self._idle.append(alarm)
                if self._waiting and not self._is_one_coming and not self._wake():
                    with suppress(RuntimeError):  # those that there are go on
                        self._begin()
            if job is not None:
                job()
                # Not held while this one waits: whatever the job holds may go.
                job = None
                is_coming = False
            elif alarm.acquire(timeout=_IDLE_SECONDS) or self._is_called(alarm):
                is_coming = True
            else:
                return

    def _is_called(self, alarm: threading.Lock) -> bool:
        """Whether an idle thread was woken at the last moment; otherwise it leaves."""
        with self._lock:
            if alarm in self._idle:
                self._idle.remove(alarm)
                self._count -= 1
                return False
        return alarm.acquire()


SPARE = Threads("spare")
"""For what must never wait for a place: there are as many as there are jobs."""
