"""Cross-origin rules around async hosts (ASGI 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..cors import with_headers
from .layer_driver import AsyncAround
from .scope import header_fields

if TYPE_CHECKING:
    from functions_framework.model.interfaces import AsyncHost, Receive, Scope
    from functions_framework.model.message import Reply

    from ..cors import Rules
    from ..routes import Routes


class AsyncCORS(AsyncAround):
    """An async host that answers preflights, and adds headers to every other response."""

    def __init__(self, host: AsyncHost, routes: Routes[Rules]) -> None:
        super().__init__(host)
        self._only = routes.only
        self._find = routes.find

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request."""
        rules = self._only or self._find(scope["path"])
        if rules is None:
            return await self._respond(scope, receive)
        fields = header_fields(scope)
        if scope["method"] == "OPTIONS":
            asked = rules.preflight(fields.get)
            if asked is not None:
                return asked
        added = rules.added[fields.get("origin")]
        return with_headers(await self._respond(scope, receive), added)
