"""The ASGI application of the Python API: a Starlette application whose default is the function."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import Match, Router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.model.function import Function

    from .host import ASGIHost
    from .layer_driver import AsyncLayered


class FunctionRouter(Router):
    """Routes to the function what no route takes whole: a route wins for its own methods only."""

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Choose who answers."""
        if scope["type"] == "http" and not self._is_routed(scope):
            await self.default(scope, receive, send)
        else:
            await super().app(scope, receive, send)

    def _is_routed(self, scope: Any) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self.routes)


class FunctionASGIApp(Starlette):
    """A Starlette application around one function.

    Routes, mounts and middleware can be added as to any Starlette application; what no route takes
    reaches the function. Exceptions of the function are for `functions_framework.errorhandler`.
    """

    def __init__(self, host: ASGIHost | AsyncLayered, lifecycle: Lifecycle) -> None:
        @asynccontextmanager
        async def lifespan(_: Any) -> AsyncIterator[None]:
            await lifecycle.start()
            yield
            await lifecycle.stop()

        super().__init__()
        self._host = host
        self.router = FunctionRouter(redirect_slashes=False, default=host, lifespan=lifespan)

    @property
    def function(self) -> Function:
        """The function that is served."""
        return self._host.function

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve as an ASGI 3 application."""
        scope["app"] = self
        is_bare = not (self.user_middleware or self.router.routes or self.exception_handlers)
        if is_bare and scope["type"] == "http":
            await self._host(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
