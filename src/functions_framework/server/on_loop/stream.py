"""Streaming a reply from the event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from functions_framework.hosts.beginnings import data_of
from functions_framework.hosts.errors import ClientLeftError
from functions_framework.runtime.escaping import own_logger

from .connections import Waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable

    from functions_framework.model.message import Reply

    from ..wire.interfaces import AsyncProtocol, RequestHead, Transport
    from .body import Receive
    from .connections import Connections

_log = own_logger("functions_framework.server")


async def send_stream(
    protocol: AsyncProtocol,
    request: RequestHead,
    connections: Connections,
    reply: Reply,
    unread: Receive | None,
) -> None:
    """Send a body part by part; close it at the end, and when the client has gone.

    A body that fails halfway is logged, and not ended: so it does not look whole. One that comes
    when a deadline has answered is closed.

    Args:
        protocol: of the request.
        request: its head.
        connections: of the server.
        reply: its body is a stream.
        unread: of which nothing may be left at the end, that would cost the client its connection.
    """
    transport = protocol.response_stream(reply.status, reply.headers)
    try:
        if transport is not None:
            await _send(transport, request, connections, reply, unread)
    finally:
        await _close(reply.body)


async def _send(
    transport: Transport,
    request: RequestHead,
    connections: Connections,
    reply: Reply,
    unread: Receive | None,
) -> None:
    body = cast("AsyncIterable[Any]", reply.body)
    until = Waiting(request, connections).until if request.http_version == "2" else _plainly
    try:
        async for part in body:
            data = data_of(part)
            try:
                await until(transport.send_bytes(data))
            except ConnectionError:
                break
        if unread is not None and unread.has_unread and not unread.is_waiting:
            await unread.drain()
        await until(transport.end())  # what is done afterwards may take long
    except asyncio.CancelledError:
        await connections.break_off(request)
        raise
    except BaseException as error:  # noqa: BLE001 - logged
        _log_failure(error, request)
        transport.begin()
        await connections.break_off(request)


def _log_failure(error: BaseException, request: RequestHead) -> None:
    if not isinstance(error, ClientLeftError):
        _log.exception("The response to %s %s failed halfway.", request.method, request.path)


async def _plainly(sending: Awaitable[None]) -> None:
    await sending


async def settle(body: object) -> None:
    """Close a whole body that was sent, where there is something to close."""
    if isinstance(body, bytes):
        await _close(body)


async def _close(body: object) -> None:
    close = getattr(body, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except asyncio.CancelledError:
        raise  # told twice to end
    except BaseException:  # noqa: BLE001 - logged
        _log.exception("Closing the response's body failed.")
