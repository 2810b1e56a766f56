"""What the engine's thread has for the event loop, handed over with one wake for many.

asyncio writes to a socket for every `call_soon_threadsafe`, whether the loop sleeps or not, and
lets go of the interpreter's lock to do so. A busy server would pay that twice a request: for its
arrival and for its body.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from contextvars import Context

_ANSWER_SECONDS = 1.0
T = TypeVar("T")


def asked(loop: asyncio.AbstractEventLoop, ask: Callable[[], T]) -> T | None:
    """What `ask` gives on a loop, for another thread; None of one that is blocked or closed."""
    found: Future[T] = Future()
    try:
        loop.call_soon_threadsafe(lambda: found.set_result(ask()))
        return found.result(_ANSWER_SECONDS)
    except (FutureTimeout, RuntimeError):
        return None


class Handover:
    """Calls what is given on the loop, in order.

    The engine resolves the awaitables it makes by `loop.call_soon_threadsafe`, so that is replaced
    on this one loop. What comes from other threads goes its usual way.

    Args:
        loop: the loop of the calls.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._wake = loop.call_soon_threadsafe
        self._due: deque[tuple[Callable[..., object], tuple[Any, ...], Context | None]] = deque()
        self._is_told = False
        self._engine = 0
        with suppress(AttributeError):  # a loop of another kind, such as uvloop's
            loop.call_soon_threadsafe = self._call_soon_threadsafe  # type: ignore[method-assign, assignment]

    def give(self, callback: Callable[[Any], object], argument: object) -> None:
        """Have `callback(argument)` called; for the engine's thread only, which this learns."""
        self._engine = get_ident()
        self._due.append((callback, (argument,), None))
        if not self._is_told:
            self._tell()

    def _call_soon_threadsafe(
        self, callback: Callable[..., object], *arguments: Any, context: Context | None = None
    ) -> asyncio.Handle | None:
        if context is None or get_ident() != self._engine:
            return self._wake(callback, *arguments, context=context)
        self._due.append((callback, arguments, context))
        if not self._is_told:
            self._tell()
        return None  # the engine cancels nothing

    def _tell(self) -> None:
        self._is_told = True
        self._wake(self._run)

    def _run(self) -> None:
        # Cleared first: what is given from here on wakes the loop again.
        self._is_told = False
        due = self._due
        try:
            for _ in range(len(due)):
                callback, arguments, context = due.popleft()
                if context is None:
                    callback(*arguments)
                else:
                    context.run(callback, *arguments)
        finally:
            if due and not self._is_told:  # an exit was raised
                self._tell()
