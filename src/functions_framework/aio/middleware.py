"""The crash response as Starlette middleware, for applications that were built by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.hosts.asgi.scope import send_reply
from functions_framework.hosts.errors import CRASH_REPLY
from functions_framework.logs import log_crash

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIApp, ASGIMessage, Receive, Scope, Send


class ExceptionHandlerMiddleware:
    """Answers an exception of the application inside with the crash response.

    Args:
        app: the ASGI application inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI 3 application."""
        is_started = False

        async def watch(message: ASGIMessage) -> None:
            nonlocal is_started
            is_started = is_started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if scope["type"] != "http":
                raise
            log_crash(error, method=scope["method"], path=scope["path"])
            if is_started:
                # A second start would be a protocol error; the server cuts the connection.
                raise
            await send_reply(CRASH_REPLY, send, scope)
