"""Tells a follower of each WebSocket, as the layer beside it tells of each request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from functions_framework.hosts.asgi.layer_driver import ScopeHead
from functions_framework.model.execution import execution

from .outcome import Call, Outcome

if TYPE_CHECKING:
    from functions_framework.hosts.layers import Head
    from functions_framework.model.interfaces import (
        ASGIMessage,
        Receive,
        Scope,
        Send,
        SocketHost,
    )

_ACCEPTED = 101


class SocketFollower(Protocol):
    """Whoever follows WebSockets."""

    def begin_socket(self, request: Head) -> Call:
        """Somebody asks for one."""


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
        self._begin = follower.begin_socket

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

        call = self._begin(_Handshake(scope, receive))
        execution.set(None)
        call.enter()
        try:
            await self._converse(scope, receive, told)
        except BaseException:
            # Told to end at the shutdown, which is how all that are open end.
            call.leave()
            call.end(Outcome(status or 503, execution.get(), None))
            raise
        call.leave()
        call.end(Outcome.of(execution.get(), status))
