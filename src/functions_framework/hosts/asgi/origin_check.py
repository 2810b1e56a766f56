"""Which pages may open a WebSocket: browsers ask nobody, so the server must look (RFC 6455, 10.2).

Only built where cross-origin rules are set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.message import TEXT, Reply

from .conversation import Way
from .scope import header_fields

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Receive, Scope, Send, SocketHost

    from ..cors import Rules
    from ..routes import Routes

_REFUSED = Reply(403, [TEXT], b"Pages of this origin may not open this WebSocket.\n")


class OriginCheck:
    """Converses with pages of the origins that are allowed, and with programs.

    Args:
        host: converses.
        routes: which rules hold for which path.
    """

    def __init__(self, host: SocketHost, routes: Routes[Rules]) -> None:
        self._converse = host.converse
        self._find = routes.find

    async def converse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `SocketHost`."""
        rules = self._find(scope["path"])
        fields = header_fields(scope)
        origin = fields.get("origin")
        is_own = origin is not None and origin.partition("://")[2] == fields.get("host", "").lower()
        if rules is None or origin is None or is_own or rules.allows(origin):
            await self._converse(scope, receive, send)
        else:
            await Way(scope, send).deny(_REFUSED)
