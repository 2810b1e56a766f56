"""Cancels async calls whose client has gone.

Most calls are over before anybody could leave, so nothing is made for them: a sweep, run only
while calls are waiting for something, looks after those that have been at it for a while.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from functions_framework.runtime.cancelling import cancel_unheard

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from ..wire.interfaces import InProgress, Watcher

_SWEEP_SECONDS = 0.1
_LONG = 0.2
"""Seconds after which a call is watched."""


class ClientWatch:
    """Watches the clients of long calls.

    Args:
        loop: the loop of the calls.
        running: the calls that wait, by what Granian knows them by, with their start.
        outlives: whether the call of a path goes on without its client; None where none does.

    Attributes:
        told: the calls that were told to end.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        running: InProgress,
        outlives: Callable[[str], bool] | None = None,
    ) -> None:
        self._loop = loop
        self._running = running
        self._outlives = outlives
        self._watched: dict[asyncio.Task[None], asyncio.Task[None]] = {}
        self._is_sweeping = False
        self.told: set[Watcher] = set()

    def wake(self) -> None:
        """A call has begun to wait."""
        if not self._is_sweeping:
            self._is_sweeping = True
            self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _sweep(self) -> None:
        since = time.monotonic() - _LONG
        for watcher, (task, started) in list(self._running.items()):
            if started < since and task not in self._watched and self._ends(watcher.scope.path):
                watch = self._loop.create_task(self._cancel_with_client(watcher, task))
                self._watched[task] = watch
                task.add_done_callback(self._release)
        self._is_sweeping = bool(self._running)
        if self._is_sweeping:
            self._loop.call_later(_SWEEP_SECONDS, self._sweep)

    def _ends(self, path: str) -> bool:
        return self._outlives is None or not self._outlives(path)

    def _release(self, task: asyncio.Task[None]) -> None:
        self._watched.pop(task).cancel()

    async def _cancel_with_client(self, watcher: Watcher, task: asyncio.Task[None]) -> None:
        await watcher.proto.client_disconnect()
        body = watcher.proto.body
        if body is not None and body.is_asked:
            return  # it is told, and ends itself
        # One that was told already may tidy up.
        if watcher not in self.told:
            self.told.add(watcher)
            cancel_unheard(task)
