"""Tells a follower of each WebSocket, as the layer beside it tells of each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from functions_framework.hosts.asgi.layer_driver import ScopeHead
from functions_framework.model.execution import execution

from .outcome import Follower

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head
    from functions_framework.model.interfaces import (
        ASGIMessage,
        Receive,
        Scope,
        Send,
        SocketHost,
    )

_ACCEPTED = 101


class SocketFollower(Follower, Protocol):
    """Whoever follows WebSockets."""

    def begin_socket(self, request: Any, head_of: Callable[[Any], Head]) -> Any:
        """Somebody asks for one; see `begin`."""


class _Handshake(ScopeHead):
    """The head of a request for a WebSocket."""

    __slots__ = ()

    @property
    def method(self) -> str:
        """See `Head`."""
        return "GET"


class FollowedSockets:
    """Converses as a host does, and tells.

    Args:
        host: converses.
        follower: who is told.
    """

    def __init__(self, host: SocketHost, follower: SocketFollower) -> None:
        self._converse = host.converse
        self._follower = follower

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `SocketHost`."""
        status = 0

        async def told(message: ASGIMessage) -> None:
            nonlocal status
            await send(message)
            if message["type"] == "websocket.accept":
                status = _ACCEPTED
            elif not status:
                status = message.get("status", 403)

        follower = self._follower
        call = follower.begin_socket(scope, lambda scope: _Handshake(scope, receive))
        execution.set(None)
        if follower.has_context:
            call.enter()
        try:
            await self._converse(scope, receive, told)
        except BaseException:
            # Told to end at the shutdown, which is how all that are open end.
            if follower.has_context:
                call.leave()
            follower.end(call, status or 503, execution.get(), None)
            raise
        if follower.has_context:
            call.leave()
        running = execution.get()
        follower.end(call, status, running, None if running is None else running.error)
