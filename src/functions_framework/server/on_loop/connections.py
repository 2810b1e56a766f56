"""The connections of async calls: ended early, and waited for while their clients do not read."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from typing import TYPE_CHECKING

from ..wire.look import seen, shut_down
from ..wire.progress import Progress
from .finder import Finder

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wire.interfaces import RequestHead
    from ..wire.look import Connection

MOST_AHEAD = 2**18
"""Bytes after which a stream waits for its reader."""

_FLUSH_SECONDS = 0.02
_LONGEST_FLUSH_SECONDS = 1.0
_LONGEST_PAUSE = 0.25


class Connections:
    """Knows the connections of one server's calls by their peers.

    Args:
        seconds: for which a client may take nothing, 0 for any time.
        calls: how many are in progress on the connection of a request.
    """

    def __init__(self, seconds: float, calls: Callable[[RequestHead], int]) -> None:
        self.seconds = seconds or math.inf
        self.calls = calls
        self.stuck: Counter[tuple[str, int]] = Counter()
        """Streams that wait for a window of HTTP/2, by their peer."""
        self._finder = Finder()

    async def find(self, request: RequestHead) -> Connection | None:
        """The connection of a request, None when it is gone, or elsewhere than on Linux."""
        return await self._finder.find(request.peer)

    async def cut(self, request: RequestHead) -> None:
        """End a client's connection once what was sent to it so far is on its way."""
        # What was sent so far is still on its way through the engine.
        await asyncio.sleep(_FLUSH_SECONDS)
        connection = await self.find(request)
        if connection is not None:
            is_reset = request.http_version == "1"  # as the engine calls HTTP/1.0
            shut_down(connection, is_reset=is_reset)
            if is_reset:
                await asyncio.sleep(_FLUSH_SECONDS)

    async def cut_answered(self, request: RequestHead) -> None:
        """End a client's connection as soon as the answer just given is on its way."""
        answered = time.monotonic()
        connection = await self.find(request)
        while connection is not None and connection.sent_at < answered - _FLUSH_SECONDS / 4:
            if time.monotonic() > answered + _LONGEST_FLUSH_SECONDS:
                break
            await asyncio.sleep(_FLUSH_SECONDS)
            connection = _again(connection)
        if connection is not None:
            shut_down(connection)


class Reader:
    """The client of a long stream. The engine takes whatever it is given, and holds it in memory.

    Args:
        request: of the call.
        connections: of its server.
    """

    def __init__(self, request: RequestHead, connections: Connections) -> None:
        self._request = request
        self._connections = connections
        self._connection: Connection | None = None
        self._start = 0
        self._given = 0

    async def keep_up(self, given: int) -> None:
        """Wait until most of what was given to the engine is on its way (on Linux).

        Args:
            given: bytes since the last time.
        """
        await asyncio.sleep(0)
        before = self._connection
        connection = await self._connections.find(self._request)
        if connection is None:
            return
        self._connection = connection
        if self._request.http_version != "2":
            # Who takes nothing is cut by the kernel, see `listening.limit_sending`.
            await _until_sent(connection)
            return
        if before is None:
            self._start = connection.acknowledged
        else:
            self._given += given
            await self._until_taken(connection)

    async def _until_taken(self, connection: Connection) -> None:
        """Wait for the windows of HTTP/2, which the kernel does not see; cut who takes nothing."""
        wanted = self._start + self._given - MOST_AHEAD
        progress, pause = Progress(_taken), _FLUSH_SECONDS / 20
        stuck, now = self._connections.stuck, time.monotonic
        found: Connection | None = connection
        stuck[connection.peer] += 1
        try:
            while found is not None and found.acknowledged < wanted:
                progress.note([found], now())
                if progress.stuck(now() - self._connections.seconds) and self._is_alone():
                    shut_down(found)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                found = _again(found)
        finally:
            stuck[connection.peer] -= 1
            if not stuck[connection.peer]:
                del stuck[connection.peer]

    def _is_alone(self) -> bool:
        """Whether all calls on the connection wait like this: none may be lost with it."""
        connections, request = self._connections, self._request
        return connections.calls(request) <= connections.stuck[request.peer]


def _taken(connection: Connection) -> int:
    return connection.acknowledged


async def _until_sent(connection: Connection) -> None:
    found: Connection | None = connection
    pause = _FLUSH_SECONDS / 20
    while found is not None and found.unsent:
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        found = _again(found)


def _again(connection: Connection) -> Connection | None:
    """The same connection a moment later, None when it is gone."""
    found = seen(connection.descriptor)
    return found if found is not None and found.peer == connection.peer else None
