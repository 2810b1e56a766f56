"""How many calls run at once: one slot each, taken and given back without a lock.

Granian makes more threads than calls may run, so that clients who are slow to send do not take
the places of those who are ready: a call that waits for its body lends its slot out.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from functions_framework.runtime.values import NamedTuple

from ..wire.forwarded import peer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.interfaces import Environ

    from ..wire.interfaces import Answering
    from ..wire.look import Connection

_ARRIVAL_SECONDS = 1.0
"""Seconds, at most, from a request's last byte to its call, if it need not wait for a place."""

QUEUE = 1000
"""Calls that may wait for a slot; the next is turned away."""


class Running(NamedTuple):
    """A call in progress, as logs name it.

    Attributes:
        path: the path of its URL.
        seconds: how long it has been running.
    """

    path: str
    seconds: float


class Slot:
    """A place for one running call.

    Attributes:
        environ: the request it serves, None while free.
        started: `time.monotonic()` of the call's start.
        thread: identifier of the thread it runs on, set when there are deadlines.
        protocol: answers its client, set when there are deadlines.
        guard: whoever takes its one item may end the call: the call itself or its deadline.
    """

    __slots__ = ("environ", "guard", "protocol", "started", "thread")

    def __init__(self) -> None:
        self.environ: Environ | None = None
        self.started = 0.0
        self.thread = 0
        self.protocol: Answering = None  # type: ignore[assignment]  # set before it is asked
        self.guard: list[None] = []


class _Waiter:
    """A thread in the queue; the lock opens when `slot` is filled."""

    __slots__ = ("lock", "slot")

    def __init__(self) -> None:
        self.lock = Lock()
        self.lock.acquire()
        self.slot: Slot | None = None


class Admission:
    """Hands out slots, first come first served.

    Args:
        slots: calls that may run at once.
        queue: calls that may wait for a slot, None for any number.

    Attributes:
        longest_wait: seconds that the call waited for its slot that waited longest.
    """

    def __init__(self, slots: int, queue: int | None = None) -> None:
        self._slots = {Slot() for _ in range(slots)}
        self._free = deque(self._slots)
        self._plenty = slots // 2
        self._waiting: deque[_Waiter] = deque()
        self._queue = queue
        self._is_closed = False
        self.longest_wait = 0.0
        self.take_free = self._free.pop
        """Take a slot at once. Raises IndexError when all are taken: then `wait`."""

    def wait(self) -> Slot | None:
        """Wait for a slot; None at once when the queue is full, and once none is given any more."""
        is_full = self._queue is not None and len(self._waiting) >= self._queue
        if self._is_closed or is_full:
            return None
        start = time.monotonic()
        slot = self._queue_up(self._waiting.append)
        if self._is_closed:
            self.give_back(slot)  # for the next to see
            return None
        self.longest_wait = max(self.longest_wait, time.monotonic() - start)
        return slot

    def place_besides(self) -> Callable[[], object] | None:
        """A place for what a call does at the same time (see `runtime.places`), None at once."""
        try:
            slot = self.take_free()
        except IndexError:
            return None
        return partial(self.give_back, slot)

    def close(self) -> None:
        """Let no call begin from now on; those that wait for a slot get none."""
        self._is_closed = True
        # Slots that nobody returns: each that waits, a call that has lent its own out too, goes on.
        for _ in range(len(self._waiting)):
            self.lend_anyway()

    @property
    def is_closed(self) -> bool:
        """Whether no call begins any more."""
        return self._is_closed

    def give_back(self, slot: Slot) -> None:
        """Free a slot, or pass it on to the call that has waited longest."""
        self._free.append(slot)
        if self._waiting:
            self._hand_over()

    def lend(self) -> bool:
        """Let another call run in the place of one that waits for its client.

        Returns:
            False when there are places enough: then nothing is to be reclaimed.
        """
        if len(self._free) > self._plenty:
            return False
        self.lend_anyway()
        return True

    def lend_anyway(self) -> None:
        """Let another call run in the place of one; it is to be reclaimed."""
        extra = Slot()
        self._slots.add(extra)
        self.give_back(extra)

    def reclaim(self) -> None:
        """Wait for the place that was lent out."""
        try:
            slot = self.take_free()
        except IndexError:
            # Before those that wait for their first place: it came before them.
            slot = self._queue_up(self._waiting.appendleft)
        self._slots.discard(slot)

    def _queue_up(self, join: Callable[[_Waiter], None]) -> Slot:
        waiter = _Waiter()
        join(waiter)
        # A slot given back between the failed take and the append belongs to whoever is first.
        self._hand_over()
        waiter.lock.acquire()
        if waiter.slot is None:
            raise RuntimeError("A waiting call was woken without a slot.")
        return waiter.slot

    def _hand_over(self) -> None:
        """Match free slots with waiters until one of the two runs out."""
        while True:
            try:
                slot = self._free.pop()
            except IndexError:
                return
            try:
                waiter = self._waiting.popleft()
            except IndexError:
                self._free.append(slot)
                # A waiter may have come and found none free while this one was in hand.
                if not self._waiting:
                    return
                continue
            waiter.slot = slot
            waiter.lock.release()

    def taken(self) -> list[Slot]:
        """The slots of the calls in progress."""
        return [slot for slot in list(self._slots) if slot.environ is not None]

    @property
    def waiting(self) -> int:
        """How many calls wait for a slot."""
        return len(self._waiting)

    def ages(self) -> dict[int, float]:
        """Seconds that calls have been running, by the `id` of their environs."""
        now = time.monotonic()
        return {id(slot.environ): now - slot.started for slot in self.taken()}

    def besides(self, environs: set[int]) -> dict[str, list[float]]:
        """Seconds that calls have been running, by the address of their client.

        Args:
            environs: the `id` of those of the calls that are left out.
        """
        now = time.monotonic()
        found = defaultdict(list)
        for slot in self.taken():
            environ = slot.environ
            if environ is not None and id(environ) not in environs:
                found[peer_of(environ)].append(now - slot.started)
        return found

    def unclaimed(self, connections: list[Connection]) -> list[Connection]:
        """The connections that no call in progress can have come by."""
        if self.is_saturated:
            return []  # calls may be waiting of which nothing is known yet
        latest = time.monotonic() - self.longest_wait - _ARRIVAL_SECONDS
        calls = self.besides(set())
        return [
            item
            for item in connections
            if item.received_at < latest - max(calls.get(item.peer[0], [0.0]))
        ]

    def running(self) -> list[Running]:
        """The calls in progress, longest first."""
        now = time.monotonic()
        found = []
        for slot in self.taken():
            environ = slot.environ
            if environ is not None:
                found.append(Running(str(environ.get("PATH_INFO", "")), now - slot.started))
        return sorted(found, key=lambda call: -call.seconds)

    @property
    def in_use(self) -> int:
        """How many calls have slots, or have lent theirs out."""
        return len(self._slots) - len(self._free)

    @property
    def is_saturated(self) -> bool:
        """Whether a call that comes now has to wait."""
        return not self._free
