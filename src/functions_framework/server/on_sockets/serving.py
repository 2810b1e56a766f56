"""Takes WebSockets from the engine and runs the host's conversations; ends them at shutdown."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from functions_framework.exceptions import MalformedRequest
from functions_framework.hosts.errors import refusal
from functions_framework.logs.access import WEBSOCKET
from functions_framework.model.message import TEXT, Reply
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.tasks import start

from ..on_threads.admission import Running
from ..wire.forwarded import Proxies
from ..wire.incoming import Gate
from ..wire.own_replies import CRASHED, ENDED
from .channel import ACCEPTED, GOING_AWAY, Channel
from .handshake import Handshake
from .last_words import LastWords

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.logs import CallEnd
    from functions_framework.model.interfaces import SocketHost
    from functions_framework.settings import Settings

    from ..wire.interfaces import SocketWatcher

_log = own_logger("functions_framework.server")
_CANCEL_SECONDS = 0.3
_STEP_SECONDS = 0.05
_FULL = Reply(503, [TEXT, ("retry-after", "1")], b"Too many WebSockets are open.")
_GOING = "The server is shutting down."


class Sockets:
    """The WebSockets of one worker.

    Args:
        host: converses.
        settings: how many there may be, and how long a message.
        loop: of the calls.
        end: told of the end of each; None where nobody is.
    """

    def __init__(
        self,
        host: SocketHost,
        settings: Settings,
        loop: asyncio.AbstractEventLoop,
        end: CallEnd | None,
    ) -> None:
        self._converse = host.converse
        self._loop = loop
        self._end = end
        self._limit = settings.max_body_size
        self._most = settings.max_websockets
        self._gate = Gate()
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._open: dict[asyncio.Task[None], tuple[Handshake, Channel, float]] = {}
        self._last_words = LastWords()
        self._is_leaving = False

    @property
    def are_open(self) -> bool:
        """Whether a conversation goes on."""
        return bool(self._open)

    def peers(self) -> set[tuple[str, int]]:
        """The clients' ends of the connections."""
        return {handshake.peer for handshake, _, _ in self._open.values()}

    def take(self, watcher: SocketWatcher) -> None:
        """Begin with a client that asks for a WebSocket; called on the loop."""
        handshake, began = Handshake(watcher.scope), time.monotonic()
        say_last = partial(self._last_words.say, handshake.peer)
        channel = Channel(watcher.proto, watcher.scope["subprotocols"], self._limit, say_last)
        refused = self._refusal()
        task = start(self._loop, self._serve(watcher, handshake, channel, refused))
        if not task.done():
            self._open[task] = handshake, channel, began
            task.add_done_callback(self._open.pop)

    async def _serve(
        self, watcher: SocketWatcher, handshake: Handshake, channel: Channel, refused: Reply | None
    ) -> None:
        began = time.monotonic()
        try:
            await watcher.proto.receive()  # the engine's own word of the handshake
            found = refused or handshake.scope(self._gate, self._proxies)
            if isinstance(found, Reply):
                await channel.deny(found)
            else:
                await self._converse(found, channel.receive, channel.send)
        except MalformedRequest as error:
            await channel.deny(refusal(error))
        except asyncio.CancelledError:
            await _leave(channel)
        except BaseException as error:  # noqa: BLE001 - a fault of the framework's own
            _log.error("The WebSocket could not be served.", exc_info=error)
        finally:
            if not channel.status:
                await channel.deny(CRASHED)
            await channel.finish()
            watcher.done()
            if self._end is not None:
                status = channel.code if channel.status == ACCEPTED else channel.status
                seconds = time.monotonic() - began
                self._end(WEBSOCKET, handshake.path, status, channel.sent, seconds)

    def _refusal(self) -> Reply | None:
        if self._is_leaving:
            return ENDED
        return _FULL if self._most and len(self._open) >= self._most else None

    async def drain(self, until: Callable[[], float]) -> None:
        """Say goodbye to every client and tell the applications, which may finish.

        Args:
            until: `time.monotonic()` seconds at which it returns in any case.
        """
        self._is_leaving = True
        goodbyes = [self._loop.create_task(_leave(item)) for _, item, _ in self._open.values()]
        while self._open and time.monotonic() < until():
            await asyncio.wait([*self._open], timeout=_STEP_SECONDS)
        for task in goodbyes:
            task.cancel()
        await self._last_words.all_read(until() - time.monotonic())

    async def cancel(self) -> list[Running]:
        """End the conversations that did not end by themselves; returns them."""
        now = time.monotonic()
        left = [Running(head.path, now - began) for head, _, began in self._open.values()]
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        return left


async def _leave(channel: Channel) -> None:
    if not channel.status:
        await channel.deny(ENDED)
    elif channel.status == ACCEPTED:
        await channel.close(GOING_AWAY, _GOING)
