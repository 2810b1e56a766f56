"""Streaming a reply from the event loop."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.beginnings import data_of
from functions_framework.runtime.escaping import own_logger

from ..wire.connections import cut, descriptor_of, has_sent, unsent

if TYPE_CHECKING:
    from functions_framework.model.message import Headers, Reply

_log = own_logger("functions_framework.server")
_FLUSH_SECONDS = 0.02
_LONGEST_FLUSH_SECONDS = 1.0
_LONGEST_PAUSE = 0.05
_MOST_AHEAD = 2**20
"""Bytes after which a stream waits for its reader."""


async def send_stream(
    protocol: Any, request: Any, status: int, headers: Headers, body: Any
) -> None:
    """Send a body part by part; close it at the end, and when the client has gone.

    A body that fails halfway is logged, and its connection cut so that it does not look whole.
    """
    transport = protocol.response_stream(status, headers)
    reader = None
    sent = 0
    try:
        async for part in body:
            data = data_of(part)
            try:
                await transport.send_bytes(data)
            except RuntimeError:
                # Granian's RSGIProtocolClosed: the client has gone.
                break
            sent += len(data)
            if sent >= _MOST_AHEAD:
                sent = 0
                reader = reader or _Reader(*_peer_of(request))
                await reader.keep_up()
    except asyncio.CancelledError:
        await _cut(request)
        raise
    except BaseException:  # noqa: BLE001 - logged
        await _cut(request)
        _log.exception("The response to %s %s failed halfway.", request.method, request.path)
    finally:
        try:
            await _close(body)
        finally:
            # The engine ends the response when nobody holds this any more, and somebody may hold
            # this frame: a traceback of the body's does.
            del transport


class _Reader:
    """The client of a long stream. The engine takes whatever it is given, and holds it in memory.

    Args:
        host: its address.
        port: its port.
    """

    def __init__(self, host: str, port: int) -> None:
        self._peer = host, port
        self._descriptor = descriptor_of(host, port)

    async def keep_up(self) -> None:
        """Wait until what was sent is on its way (on Linux, and not for a window of HTTP/2)."""
        pause = _FLUSH_SECONDS / 20
        await asyncio.sleep(0)
        while self._descriptor is not None and unsent(self._descriptor, *self._peer):
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


def _peer_of(request: Any) -> tuple[str, int]:
    host, _, port = request.client.rpartition(":")
    return host.strip("[]"), int(port)


async def cut_answered(request: Any) -> None:
    """End a client's connection as soon as the answer just given is on its way."""
    host, port = _peer_of(request)
    answered = time.monotonic()
    while time.monotonic() < answered + _LONGEST_FLUSH_SECONDS:
        await asyncio.sleep(_FLUSH_SECONDS)
        if has_sent(host, port, answered):
            break
    cut(host, port)


async def _cut(request: Any) -> None:
    """End a client's connection once what was sent to it so far is on its way."""
    # What was sent so far is still on its way through the engine.
    await asyncio.sleep(_FLUSH_SECONDS)
    cut(*_peer_of(request))


async def settled(given: Reply, sent: Reply) -> Reply:
    """What is sent instead of what was given, whose stream is closed if it is not begun."""
    if isinstance(sent.body, bytes):
        await _close(given.body)
    return sent


async def _close(body: Any) -> None:
    close = getattr(body, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except BaseException:  # noqa: BLE001 - logged
        _log.exception("Closing the response's body failed.")
