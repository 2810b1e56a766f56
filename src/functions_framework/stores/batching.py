"""A store that is asked by all threads and event loops of a process, many at a time.

One of them leads: it takes what has gathered to the store together, in one transaction or one round
trip, wakes those who waited for that, and lets the first of those who came meanwhile lead. Event
loops have a thread of the store's lead for them. A deadline interrupts none of this.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from functions_framework.runtime.checkpoints import run_to_their_end

from .interface import StoreError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

_MOST = 256
_CLOSE_SECONDS = 10.0
_CLOSE = "close"


class Backend(Protocol):
    """Talks to one store, for one caller at a time."""

    def run(self, asked: Sequence[Asked]) -> Sequence[Any]:
        """What the store says to each; connects where that was not done yet.

        Raises:
            StoreError: the store cannot be used; none of them was done for certain.
        """

    def close(self) -> None:
        """Give the connection up; the next `run` makes another."""

    def forget(self) -> None:
        """The same in a forked process, whose parent goes on using the connection."""


class Asked:
    """One thing that is asked of a store.

    Attributes:
        method: `begin`, `finish`, `release`, or `check`: whether the store is there.
        arguments: of the method.
        waiter: what a task awaits, None where a thread waits.
        lock: what a thread waits for, None where it is the one that asks the store.
        is_settled: whether the store has answered, or cannot.
        answer: what it said.
        error: why it said nothing.
    """

    __slots__ = ("answer", "arguments", "error", "is_settled", "lock", "method", "waiter")

    def __init__(
        self,
        method: str,
        arguments: tuple[Any, ...],
        waiter: asyncio.Future[None] | None = None,
    ) -> None:
        self.method = method
        self.arguments = arguments
        self.waiter = waiter
        self.lock: threading.Lock | None = None
        self.is_settled = False
        self.answer: Any = None
        self.error: StoreError | None = None

    def take(self) -> Any:
        """The response, once it is there.

        Raises:
            StoreError: there is none.
        """
        if self.error is not None:
            raise self.error
        return self.answer


class BatchingStore:
    """Asks a backend, from threads and event loops.

    Args:
        backend: what talks to the store.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._reset()
        _stores.add(self)

    def _reset(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[Asked] = deque()
        self._is_led = False
        self._inbox: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def forked(self) -> None:
        """Begin afresh in a process that was forked from the one that used this."""
        self._backend.forget()
        self._reset()

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait in this thread.

        Raises:
            StoreError: the store cannot be used.
        """
        asked = Asked(method, arguments)
        with self._guard:
            self._waiting.append(asked)
            lock = None
            if self._is_led:
                lock = asked.lock = threading.Lock()
                lock.acquire()
            self._is_led = True
        if lock is not None:
            lock.acquire()  # until it is settled, or this thread's turn
        if not asked.is_settled:
            self._lead()
        return asked.take()

    async def ask_async(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait on this event loop. Cancelled, it is done all the same.

        Raises:
            StoreError: the store cannot be used.
        """
        import asyncio

        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        asked = Asked(method, arguments, waiter)
        with self._guard:
            self._waiting.append(asked)
            is_led, self._is_led = self._is_led, True
        if not is_led:
            self._call_thread()
        await waiter
        return asked.take()

    def close(self) -> None:
        """Do what was asked, then give the connection up."""
        self.ask(_CLOSE)
        thread, self._thread = self._thread, None
        if thread is not None:
            self._inbox.put(False)  # noqa: FBT003 - it is told to end
            thread.join(_CLOSE_SECONDS)

    def _call_thread(self) -> None:
        """Let the store's own thread lead: nobody else does, and tasks wait."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._serve, name="idempotency-store", daemon=True
            )
            self._thread.start()
        self._inbox.put(True)  # noqa: FBT003 - it is told to go on

    def _serve(self) -> None:
        while self._inbox.get():
            self._lead()

    def _lead(self) -> None:
        """Have a batch done, then let the first of those who have come meanwhile lead."""
        batch: list[Asked] = []
        with suppress(IndexError):
            while len(batch) < _MOST:
                batch.append(self._waiting.popleft())
        self._run(batch)
        with self._guard:
            heir = self._waiting[0] if self._waiting else None
            self._is_led = heir is not None
        _tell(batch)
        if heir is None:
            return
        if heir.lock is not None:
            heir.lock.release()
        else:
            self._call_thread()

    def _run(self, batch: list[Asked]) -> None:
        asking = [asked for asked in batch if asked.method != _CLOSE]
        try:
            answers = self._backend.run(asking) if asking else []
            for asked, answer in zip(asking, answers, strict=True):
                if isinstance(answer, StoreError):
                    asked.error = answer
                else:
                    asked.answer = answer
            if len(asking) < len(batch):
                self._backend.close()
        except StoreError as error:
            for asked in batch:
                asked.error = error
        except BaseException as error:  # noqa: BLE001 - whoever waits must not wait for ever
            for asked in batch:
                asked.error = StoreError(f"{type(error).__name__}: {error}")
        for asked in batch:
            asked.is_settled = True


run_to_their_end.add(BatchingStore._run.__code__)  # noqa: SLF001 - of this module

_stores: WeakSet[BatchingStore] = WeakSet()


def _tell(batch: list[Asked]) -> None:
    """Wake the threads that wait, and each event loop whose tasks wait once."""
    loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for asked in batch:
        if asked.lock is not None:
            # The one that leads has its own back already, and waits for nothing.
            with suppress(RuntimeError):
                asked.lock.release()
        elif asked.waiter is not None:
            loops.setdefault(asked.waiter.get_loop(), []).append(asked.waiter)
    for loop, waiters in loops.items():
        with suppress(RuntimeError):  # it is closed, its process ends
            loop.call_soon_threadsafe(_wake, waiters)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def _after_fork() -> None:
    for store in list(_stores):
        store.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
