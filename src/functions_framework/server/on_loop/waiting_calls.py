"""The calls that wait for their turn, where a number of calls at once was set."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from functions_framework.runtime import places

from ..on_threads.admission import QUEUE
from ..wire.gate import answer
from ..wire.own_replies import BUSY, ENDED

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection, Iterator

    from ..wire.interfaces import Schedule, Watcher


class WaitingCalls:
    """Begins calls in the order in which they came, so many at once.

    Args:
        concurrency: how many at once.
        running: those in progress.
        begin: begins one.
    """

    def __init__(self, concurrency: int, running: Collection[Watcher], begin: Schedule) -> None:
        self._concurrency = concurrency
        self._running = running
        self._begin = begin
        self._waiting: deque[Watcher] = deque()
        self._besides = 0
        self._lock = Lock()

    @property
    def is_full(self) -> bool:
        """Whether a call that comes now has to wait."""
        return 0 < self._concurrency <= len(self._running) + self._besides

    def hand_out_places(self, loop: asyncio.AbstractEventLoop) -> None:
        """Limit what calls do at the same time as well (see `runtime.places`).

        Args:
            loop: of the calls.
        """
        if self._concurrency:
            places.take_from(partial(self._place, loop))

    def _place(self, loop: asyncio.AbstractEventLoop) -> places.GiveBack | None:
        # Called from other threads too, by calls that were handed over to one.
        def give_back() -> None:
            with self._lock:
                self._besides -= 1
            with suppress(RuntimeError):  # the loop is closed, its process ends
                loop.call_soon_threadsafe(self.go_on)

        with self._lock:
            if self._waiting or self.is_full:
                return None
            self._besides += 1
        return give_back

    def __iter__(self) -> Iterator[Watcher]:
        return iter(self._waiting)

    def take(self, watcher: Watcher) -> None:
        """Begin a call, or let it wait; one that finds too many waiting is turned away."""
        if not self.is_full:
            self._begin(watcher)
        elif len(self._waiting) < QUEUE:
            self._waiting.append(watcher)
        else:
            answer(watcher.proto, BUSY, watcher.scope.method)
            watcher.done()

    def go_on(self, _ended: object = None) -> None:
        """Begin those whose turn it is: a call has ended."""
        while self._waiting and not self.is_full:
            self._begin(self._waiting.popleft())

    def turn_away(self) -> None:
        """Answer those that were not begun when the grace period was over."""
        while self._waiting:
            turn_away(self._waiting.popleft())


def turn_away(watcher: Watcher) -> None:
    """Answer a call that is not begun any more."""
    answer(watcher.proto, ENDED, watcher.scope.method, watcher.scope.http_version)
    watcher.done()
