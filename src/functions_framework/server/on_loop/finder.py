"""Finding single connections by their peer: all that are asked for by one look."""

from __future__ import annotations

import asyncio
import contextlib
import time

from ..wire.look import Connection, look, seen

_LEAST_PAUSE = 0.05
_SHARE = 10
"""Of the time, at most one part in so many is spent on looking for single connections."""


class Finder:
    """Finds connections, and remembers where they were."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], int] = {}
        self._next_look = 0.0
        self._looked_at = 0.0

    async def find(self, peer: tuple[str, int]) -> Connection | None:
        """The connection of a peer, None when there is none (any more)."""
        began = time.monotonic()
        found = self._remembered(peer)
        while found is None:
            pause = self._next_look - time.monotonic()
            if pause > 0:
                await asyncio.sleep(pause)
                found = self._remembered(peer)
                if found is None and self._looked_at > began:
                    return None  # another's look saw all there was: nobody waits for one in turn
                if found is not None or self._next_look > time.monotonic():
                    continue
            self._look()
            return self._remembered(peer)
        return found

    def _remembered(self, peer: tuple[str, int]) -> Connection | None:
        descriptor = self._known.get(peer)
        found = None if descriptor is None else seen(descriptor)
        return found if found is not None and found.peer == peer else None

    def _look(self) -> None:
        start = time.monotonic()
        with contextlib.suppress(OSError):  # no descriptor is left to look with
            self._known = {found.peer: found.descriptor for found in look()}
        self._looked_at, end = start, time.monotonic()
        self._next_look = end + max(_LEAST_PAUSE, (end - start) * _SHARE)
