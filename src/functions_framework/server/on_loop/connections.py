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
    from collections.abc import Awaitable, Callable

    from ..wire.interfaces import RequestHead
    from ..wire.look import Connection

_FLUSH_SECONDS = 0.02
_LONGEST_FLUSH_SECONDS = 1.0
_PATIENCE_SECONDS = 0.25


_HTTP_1_0 = "1"
"""As the engine calls it."""


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
        """The connection of a request, None when it is gone, or anywhere but on Linux."""
        return await self._finder.find(request.peer)

    async def break_off(self, request: RequestHead) -> None:
        """See to it that a body which is not ended does not look whole.

        The engine ends the connection, of HTTP/2 the stream; in HTTP/1.0, that would be the end of
        the body as well, so the connection is reset.
        """
        # What was sent so far is still on its way through the engine.
        await asyncio.sleep(_FLUSH_SECONDS)
        if request.http_version != _HTTP_1_0:
            return
        connection = await self.find(request)
        if connection is not None:
            shut_down(connection, is_reset=True)
            await asyncio.sleep(_FLUSH_SECONDS)

    async def cut_answered(self, request: RequestHead) -> None:
        """End a client's connection as soon as the response just given is on its way."""
        answered = time.monotonic()
        connection = await self.find(request)
        while connection is not None and connection.sent_at < answered - _FLUSH_SECONDS / 4:
            if time.monotonic() > answered + _LONGEST_FLUSH_SECONDS:
                break
            await asyncio.sleep(_FLUSH_SECONDS)
            connection = _again(connection)
        if connection is not None:
            shut_down(connection)


class Waiting:
    """A stream of HTTP/2 whose client may shut its window, which the kernel does not see.

    Who takes nothing over HTTP/1 is cut by the kernel, see `listening.limit_sending`.

    Args:
        request: of the call.
        connections: of its server.
    """

    def __init__(self, request: RequestHead, connections: Connections) -> None:
        self._request = request
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.Task[None] | None = None

    async def until(self, sent: Awaitable[None]) -> None:
        """Wait until a part is sent; a client that takes nothing for too long is cut."""
        watching = self._loop.call_later(_PATIENCE_SECONDS, self._begin)
        try:
            await sent
        finally:
            watching.cancel()
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None

    def _begin(self) -> None:
        self._watch = self._loop.create_task(self._cut_if_stuck())

    async def _cut_if_stuck(self) -> None:
        connection = await self._connections.find(self._request)
        if connection is None:
            return
        progress, pause = Progress(_taken), _PATIENCE_SECONDS
        stuck, now = self._connections.stuck, time.monotonic
        found: Connection | None = connection
        stuck[connection.peer] += 1
        try:
            while found is not None:
                progress.note([found], now())
                if progress.stuck(now() - self._connections.seconds) and self._is_alone():
                    shut_down(found)
                await asyncio.sleep(pause)
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


def _again(connection: Connection) -> Connection | None:
    """The same connection a moment later, None when it is gone."""
    found = seen(connection.descriptor)
    return found if found is not None and found.peer == connection.peer else None
