"""What the console is told as it happens: server-sent events of what is served and of each call.

A listener looks five times a second. So nothing has to notify it: a call costs the same
whether the console is open or not.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from functions_framework.api.sse import ServerSentEvent, sse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from functions_framework.model.message import Reply

    from .calls import Calls

_STEP_SECONDS = 0.2
_BEAT_SECONDS = 10.0
_RETRY_MS = 500


class Stream:
    """Streams to one page.

    Args:
        calls: the calls.
        state: makes what is told first: what is served.
        worker: names this worker.
        seen: the id of the last event that the page got, perhaps from another worker.
    """

    def __init__(
        self, calls: Calls, state: Callable[[], dict[str, Any]], worker: str, seen: str
    ) -> None:
        self._calls = calls
        self._state = state
        self._worker = worker
        named, _, tick = seen.partition(":")
        is_known = named == worker and tick.isdigit()
        self._tick = int(tick) if is_known else 0
        self._is_new = not is_known
        self._quiet_since = time.monotonic()
        self.is_closed: Callable[[], bool] = lambda: False

    def reply(self, *, is_async: bool, is_brief: bool) -> Reply:
        """The reply.

        Args:
            is_async: whether an event loop sends it.
            is_brief: whether it ends after what there is at the moment, for the page to come back.
        """
        if is_brief:
            parts = list(self._news())
            return sse(_later(parts) if is_async else parts, heartbeat=None)
        return sse(self._on_loop() if is_async else self._in_thread(), heartbeat=None)

    def _in_thread(self) -> Iterator[ServerSentEvent]:
        while not self.is_closed():
            yield from self._news()
            time.sleep(_STEP_SECONDS)

    async def _on_loop(self) -> AsyncIterator[ServerSentEvent]:
        while not self.is_closed():
            for event in self._news():
                yield event
            await asyncio.sleep(_STEP_SECONDS)

    def _news(self) -> Iterator[ServerSentEvent]:
        """What is new since it was asked last."""
        now = time.monotonic()
        if self._is_new:
            self._is_new = False
            self._quiet_since = now
            id_ = f"{self._worker}:0"
            yield ServerSentEvent(self._state(), event="state", id=id_, retry=_RETRY_MS)
        self._tick, changed = self._calls.since(self._tick)
        if changed:
            self._quiet_since = now
            told = [call.told(is_whole=False) for call in changed]
            yield ServerSentEvent(told, event="calls", id=f"{self._worker}:{self._tick}")
        elif now - self._quiet_since > _BEAT_SECONDS:
            self._quiet_since = now
            # Finds out whether anybody is left to listen.
            yield ServerSentEvent(event="beat")


async def _later(parts: list[ServerSentEvent]) -> AsyncIterator[ServerSentEvent]:
    for part in parts:
        yield part
