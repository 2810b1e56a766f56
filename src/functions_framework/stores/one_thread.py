"""A store that one thread talks to: for all calls of the process, many of them at a time.

A thread of its own makes no event loop wait, is never interrupted by a deadline in the middle of a
transaction, and is the only writer of its process. What has gathered while it was busy goes to the
store together, in one transaction or one round trip.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from .interface import StoreError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

_MOST = 256
_CLOSE_SECONDS = 10.0


class Backend(Protocol):
    """Talks to one store, on one thread."""

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
        answer: what the store said.
        error: why it said nothing.
    """

    __slots__ = ("_lock", "answer", "arguments", "error", "method", "waiter")

    def __init__(self, method: str, arguments: tuple[Any, ...]) -> None:
        self.method = method
        self.arguments = arguments
        self.answer: Any = None
        self.error: StoreError | None = None
        self.waiter: asyncio.Future[None] | None = None
        self._lock = threading.Lock()
        self._lock.acquire()

    def settle(self) -> None:
        """The answer is there, for a thread."""
        self._lock.release()

    def wait(self) -> Any:
        """Wait for the answer in this thread.

        Raises:
            StoreError: there is none.
        """
        self._lock.acquire()
        return self.take()

    def take(self) -> Any:
        """The answer, once it is there."""
        if self.error is not None:
            raise self.error
        return self.answer


class OneThreadStore:
    """Asks a backend, from threads and event loops.

    Args:
        backend: what talks to the store.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._starting = threading.Lock()
        self._inbox: SimpleQueue[Asked | None] | None = None
        self._process = 0
        self._thread: threading.Thread | None = None

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait in this thread.

        Raises:
            StoreError: the store cannot be used.
        """
        asked = Asked(method, arguments)
        self._put(asked)
        return asked.wait()

    async def ask_async(self, method: str, *arguments: Any) -> Any:
        """Ask, and wait on this event loop. Cancelled, it is done all the same.

        Raises:
            StoreError: the store cannot be used.
        """
        import asyncio

        asked = Asked(method, arguments)
        asked.waiter = asyncio.get_running_loop().create_future()
        self._put(asked)
        await asked.waiter
        return asked.take()

    def close(self) -> None:
        """Do what was asked, then give the connection up."""
        with self._starting:
            inbox, self._inbox = self._inbox, None
        if inbox is not None and self._process == os.getpid() and self._thread is not None:
            inbox.put(None)
            self._thread.join(_CLOSE_SECONDS)

    def _put(self, asked: Asked) -> None:
        inbox = self._inbox
        if inbox is None or self._process != os.getpid():
            inbox = self._started()
        inbox.put(asked)

    def _started(self) -> SimpleQueue[Asked | None]:
        with self._starting:
            if self._process not in (0, os.getpid()):
                # The connection belongs to the process that this one was forked from.
                self._inbox = None
                self._backend.forget()
            if self._inbox is None:
                self._inbox = SimpleQueue()
                self._process = os.getpid()
                self._thread = threading.Thread(
                    target=self._serve, args=(self._inbox,), name="idempotency-store", daemon=True
                )
                self._thread.start()
            return self._inbox

    def _serve(self, inbox: SimpleQueue[Asked | None]) -> None:
        is_open = True
        while is_open and (first := inbox.get()) is not None:
            batch: list[Asked] = [first]
            with suppress(Empty):
                while len(batch) < _MOST and is_open:
                    other = inbox.get_nowait()
                    is_open = other is not None
                    batch += [other] if other is not None else []
            self._run(batch)
            self._tell(batch)
        self._backend.close()

    def _run(self, batch: list[Asked]) -> None:
        try:
            for asked, answer in zip(batch, self._backend.run(batch), strict=True):
                if isinstance(answer, StoreError):
                    asked.error = answer
                else:
                    asked.answer = answer
        except StoreError as error:
            for asked in batch:
                asked.error = error
        except BaseException as error:  # noqa: BLE001 - whoever waits must not wait for ever
            for asked in batch:
                asked.error = StoreError(f"{type(error).__name__}: {error}")

    @staticmethod
    def _tell(batch: list[Asked]) -> None:
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for asked in batch:
            if asked.waiter is None:
                asked.settle()
            else:
                loops.setdefault(asked.waiter.get_loop(), []).append(asked.waiter)
        for loop, waiters in loops.items():
            with suppress(RuntimeError):  # it is closed, its process ends
                loop.call_soon_threadsafe(_wake, waiters)


def _wake(waiters: list[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
