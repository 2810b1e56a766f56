"""Ends async calls that wait for a body whose sender has stopped sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..wire.limits import too_slow

if TYPE_CHECKING:
    import asyncio

    from functions_framework.exceptions import BodyTooSlow

_LONGEST_PAUSE = 1.0


class Waited(Protocol):
    """What a task waits for.

    Attributes:
        is_late: set when it was waited for too long.
    """

    is_late: bool


class AsyncSlowSenders:
    """Watches the bodies that are waited for; one sweep for all, while there are any.

    Args:
        loop: the loop of the calls.
        seconds: how long a client may send nothing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._pause = min(_LONGEST_PAUSE, seconds / 10)
        self._waiting: dict[Waited, tuple[asyncio.Task[object], float]] = {}
        self._is_sweeping = False

    def begin(self, receive: Waited, task: asyncio.Task[object]) -> None:
        """A task begins to wait for the next part of a body."""
        self._waiting[receive] = task, self._loop.time()
        if not self._is_sweeping:
            self._is_sweeping = True
            self._loop.call_later(self._pause, self._sweep)

    def end(self, receive: Waited) -> None:
        """It has waited."""
        self._waiting.pop(receive, None)

    def refusal(self) -> BodyTooSlow:
        """What is raised where the body is received."""
        return too_slow(self._seconds)

    def _sweep(self) -> None:
        late = self._loop.time() - self._seconds
        for receive, (task, since) in list(self._waiting.items()):
            if since < late:
                del self._waiting[receive]
                receive.is_late = True
                task.cancel()
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            self._loop.call_later(self._pause, self._sweep)
