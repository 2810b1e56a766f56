"""Sees to it that a client reads why its WebSocket was closed (on Linux).

The engine closes a connection right after its close frame. Where something of the client's is
unread by then, or still on its way, the kernel resets the connection, and what the client had not
read yet is lost, the close frame with it. So a duplicate of the connection is kept, which takes
what the client sends until it says goodbye as well; only then does it say that nothing more comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from ..on_loop.finder import Finder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_SECONDS = 2.0
"""That a client has to read the close frame and to close its end."""

_QUIET_SECONDS = 0.2
_CLOSE, _MASKED, _HEAD = 0x88, 0x80, 6
_LONGEST_CLOSE = _HEAD + 125


class LastWords:
    """Closes connections such that their clients know why."""

    def __init__(self) -> None:
        self._finder = Finder()
        self._kept: set[asyncio.Task[None]] = set()

    async def say(self, peer: tuple[str, int], send: Callable[[], Awaitable[object]]) -> None:
        """Have the last frame sent.

        Args:
            peer: the client's end of the connection.
            send: sends the frame, and has the engine close the connection.
        """
        kept = await self._duplicate(peer)
        try:
            with contextlib.suppress(RuntimeError):  # the connection is gone
                await send()
        except BaseException:
            if kept is not None:
                kept.close()
            raise
        if kept is not None:
            task = asyncio.get_running_loop().create_task(_read_to_the_end(kept))
            self._kept.add(task)
            task.add_done_callback(self._kept.discard)

    async def _duplicate(self, peer: tuple[str, int]) -> socket.socket | None:
        found = await self._finder.find(peer) if peer[0] else None
        if found is None:
            return None
        kept: socket.socket | None = None
        with contextlib.suppress(OSError):
            kept = socket.socket(fileno=os.dup(found.descriptor))
            kept.setblocking(False)  # noqa: FBT003
            if kept.getpeername()[:2] == peer:
                return kept
        if kept is not None:
            kept.close()  # the number was another's by then
        return None

    async def all_read(self, seconds: float) -> None:
        """Wait for the clients, so long at most."""
        if self._kept and seconds > 0:
            await asyncio.wait(self._kept, timeout=seconds)


async def _read_to_the_end(kept: socket.socket) -> None:
    with kept, contextlib.suppress(OSError, asyncio.TimeoutError):
        await asyncio.wait_for(_read(kept), _SECONDS)


async def _read(kept: socket.socket) -> None:
    loop, data = asyncio.get_running_loop(), b" "
    with contextlib.suppress(asyncio.TimeoutError):  # quiet: it has said it, or never will
        while data and not _is_goodbye(data):
            data = await asyncio.wait_for(loop.sock_recv(kept, 65536), _QUIET_SECONDS)
    kept.shutdown(socket.SHUT_WR)
    while data:
        data = await loop.sock_recv(kept, 65536)


def _is_goodbye(data: bytes) -> bool:
    """Whether something ends with a client's close frame (RFC 6455, section 5.2), of any length."""
    frame = data[-_LONGEST_CLOSE:]
    return any(
        frame[at] == _CLOSE and frame[at + 1] == _MASKED | len(frame) - at - _HEAD
        for at in range(len(frame) - _HEAD + 1)
    )
