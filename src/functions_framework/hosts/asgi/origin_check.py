"""Which pages may open a WebSocket: browsers ask nobody, so the server must look (RFC 6455, 10.2).

Only built where cross-origin rules are set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.addresses import host_and_port
from functions_framework.model.message import TEXT, Reply

from .conversation import Way
from .scope import header_fields

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Receive, Scope, Send, SocketHost

    from ..cors import Rules
    from ..routes import Routes

_PORTS = {"http": 80, "https": 443}
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
        host = fields.get("host", "")
        if rules is None or origin is None or _is_own(origin, host) or rules.allows(origin):
            await self._converse(scope, receive, send)
        else:
            await Way(scope, send).deny(_REFUSED)


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is that of the server itself.

    A browser leaves the port out where it is the scheme's own; a proxy may write it into `Host`.
    """
    scheme, _, place = origin.partition("://")
    name, port = host_and_port(place)
    own_name, own_port = host_and_port(host.lower())
    usual = _PORTS.get(scheme)
    return (name, port or usual) == (own_name, own_port or usual)
