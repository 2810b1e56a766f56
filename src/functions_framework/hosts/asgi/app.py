"""The ASGI application of the Python API: a Starlette application whose default is the function."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Route, Router

from .routed import is_starlette_replaced, routes_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from functions_framework.api.lifecycle import Lifecycle
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Receive, Scope, Send

    from .host import ASGIHost
    from .layer_driver import AsyncAround


class FunctionRouter(Router):
    """Routes to the function what no route takes whole: a route wins for its own methods only.

    Attributes:
        own: routes to the function, where an agent is to see one; else there is none.
    """

    own: tuple[Route, ...] = ()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Choose who answers."""
        if scope["type"] != "http" or _route_of(scope, self.routes) is not None:
            await super().app(scope, receive, send)
            return
        found = _route_of(scope, self.own)
        if found is None:
            await self.default(scope, receive, send)
        else:
            scope.update(found.matches(scope)[1])
            await found.handle(scope, receive, send)


def _route_of(scope: Scope, routes: Sequence[BaseRoute]) -> BaseRoute | None:
    return next((route for route in routes if route.matches(scope)[0] is Match.FULL), None)


class FunctionASGIApp(Starlette):
    """A Starlette application around one function.

    Routes, mounts and middleware can be added as to any Starlette application; what no route takes
    reaches the function. Exceptions of the function are for `functions_framework.errorhandler`.
    """

    def __init__(self, host: ASGIHost | AsyncAround, lifecycle: Lifecycle) -> None:
        @asynccontextmanager
        async def lifespan(_: object) -> AsyncIterator[None]:
            await lifecycle.start()
            yield
            await lifecycle.stop()

        super().__init__()
        self._host = host
        self._called: Any = None
        self._own_router = FunctionRouter(redirect_slashes=False, default=host, lifespan=lifespan)
        self.router = self._own_router

    @property
    def function(self) -> Function:
        """The function that is served."""
        return self._host.function

    def _look_for_agents(self) -> None:
        """Decide by what Starlette's class holds: at the first request, and when that changes."""
        self._called = Starlette.__call__
        self._own_router.own = tuple(routes_to(self._host)) if is_starlette_replaced() else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI 3 application."""
        scope["app"] = self
        if self._called is not Starlette.__call__:
            self._look_for_agents()
        is_bare = not (
            self.user_middleware
            or self.router.routes
            or self.exception_handlers
            or self._own_router.own
        )
        if is_bare and scope["type"] == "http":
            await self._host(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
