"""The gate on the way out around a host, for what must see the reply that is sent.

No layer, as it is in the way of each call that is traced or counted: a generator and its driver
take longer than the gate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .outgoing import passed

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ, Host, Receive, Scope, SyncHost
    from functions_framework.model.message import Reply


def gated(host: Host) -> Host:
    """The host, with replies as they are sent; passing the gate a second time changes nothing."""
    if not host.is_async:
        return _SyncGated(host)
    from .asgi.layer_driver import AsyncAround

    class AsyncGated(AsyncAround):
        """See `outgoing`."""

        async def respond(self, scope: Scope, receive: Receive) -> Reply:
            return passed(await self._respond(scope, receive), scope["method"], scope)

    return AsyncGated(host)


class _SyncGated:
    """See `outgoing`."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost) -> None:
        self._respond = host.respond

    def respond(self, environ: Environ) -> Reply:
        given = self._respond(environ)
        return passed(given, environ["REQUEST_METHOD"], environ, is_text_only=True)
