"""The host of functions of WebSockets, beside the one that answers requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException, WebSocketException
from starlette.websockets import WebSocket

from functions_framework.logs.access import WEBSOCKET
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import TEXT, Reply
from functions_framework.runtime.cancelling import is_asked_for

from ..errors import NOT_FOUND_REPLY
from ..routes import Routes, paths_of
from .conversation import Way, failed, is_departure
from .scope import begin

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from functions_framework.model.interfaces import Receive, Scope, Send

    Handled = Callable[[BaseException, Scope, Receive], Awaitable[Reply]]

_NO_SOCKET = Reply(
    400, [TEXT], b"No WebSocket is served at this path: its function takes requests.\n"
)
UPGRADE_REQUIRED = Reply(
    426, [("upgrade", "websocket"), TEXT], b"This path takes WebSockets, not requests.\n"
)
"""The response to a plain request (RFC 9110, section 15.5.22)."""


class SocketFunctions:
    """Serves functions of WebSockets.

    Args:
        functions: all that share the port.
        handled: gives the reply to an exception, as to one of a request.
    """

    def __init__(self, functions: Sequence[Function], handled: Handled) -> None:
        self._routes = Routes(paths_of(list(functions)))
        self._handled = handled

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the function of the path; raises nothing but cancellation."""
        function = self._routes.only or self._routes.find(scope["path"])
        begin(scope, function)
        way = Way(scope, send)
        try:
            if function is None:
                await way.deny(NOT_FOUND_REPLY)
            elif function.signature is not Signature.WEBSOCKET:
                await way.deny(_NO_SOCKET)
            else:
                await _run(function, scope, receive, way)
        except BaseException as error:  # sys.exit must not end the server
            if isinstance(error, asyncio.CancelledError) and is_asked_for():
                raise
            await self._end_failed(error, way, scope, receive)

    async def _end_failed(
        self, error: BaseException, way: Way, scope: Scope, receive: Receive
    ) -> None:
        is_ending = isinstance(error, WebSocketException)
        if way.is_accepted or way.is_over or is_departure(error, way):
            if is_ending:
                await way.close(error.code, error.reason)  # type: ignore[attr-defined]
            else:
                await failed(error, way, scope)
            return
        if is_ending:
            error = HTTPException(403, error.reason or None)  # type: ignore[attr-defined]
        # As a request's error: by handlers, by its own response, as a crash that is recorded.
        await way.deny(await self._handled(error, {**scope, "method": WEBSOCKET}, receive))


async def _run(function: Function, scope: Scope, receive: Receive, way: Way) -> None:
    scope["path_params"] = {"path": scope["path"][1:]}
    call: Any = function.call
    await call(WebSocket(scope, receive, way.send))
    if way.is_accepted:
        await way.close(1000)
    elif not way.is_over:
        await way.deny(Reply(403, [], b""))
