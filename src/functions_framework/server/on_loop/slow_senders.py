"""Ends async calls that wait for a body whose sender has stopped sending."""

from __future__ import annotations

import asyncio
from contextvars import Context
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from ..wire.limits import too_slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.exceptions import BodyTooSlow

    from ..wire.interfaces import RequestHead
    from .connections import Connections

_LONGEST_PAUSE = 1.0


_Entry = tuple[asyncio.Task[Any], float]
"""A task that waits, and since when."""


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
        connections: of the calls.
        requests: those in progress, by their tasks.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        connections: Connections,
        requests: Callable[[], dict[asyncio.Task[None], RequestHead]],
    ) -> None:
        self._loop = loop
        self._seconds = seconds
        self._connections = connections
        self._requests = requests
        self._pause = min(_LONGEST_PAUSE, seconds / 10)
        self._waiting: dict[Waited, _Entry] = {}
        self._is_sweeping = False
        self._judging: asyncio.Task[None] | None = None

    def begin(self, receive: Waited) -> None:
        """The current task begins to wait for the next part of a body."""
        task = asyncio.current_task(self._loop)
        if task is None:
            return
        self._waiting[receive] = task, monotonic()
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
        late = monotonic() - self._seconds
        waiting = [item for item in self._waiting.items() if item[1][1] < late]
        if waiting:
            judging = self._judge(waiting, late)
            self._judging = Context().run(self._loop.create_task, judging)  # it isn't a call's
        else:
            self._go_on()

    def _go_on(self) -> None:
        self._is_sweeping = bool(self._waiting)
        if self._is_sweeping:
            self._loop.call_later(self._pause, self._sweep)

    async def _judge(self, waiting: list[tuple[Waited, _Entry]], late: float) -> None:
        requests = self._requests()
        for receive, entry in waiting:
            moment = await self._last_sent(requests.get(entry[0]))
            if self._waiting.get(receive) is not entry:
                continue  # more has come meanwhile
            if moment > late:
                self._waiting[receive] = entry[0], moment
                continue
            del self._waiting[receive]
            receive.is_late = True
            entry[0].cancel()
        self._go_on()

    async def _last_sent(self, request: RequestHead | None) -> float:
        """When the client last sent something; 0 where others share its connection.

        What is received at once may be on its way all the time that it is waited for.
        """
        if request is None or request.http_version == "2":
            return 0.0
        connection = await self._connections.find(request)
        return 0.0 if connection is None else connection.received_at
