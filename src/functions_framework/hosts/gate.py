"""The gate on the way out around a host, for what must see the reply that is sent.

No layer, as it is in the way of each call that is traced or counted: a generator and its driver
take longer than the gate.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal

from .outgoing import passed

if TYPE_CHECKING:
    from collections.abc import Callable

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
            given = await self._respond(scope, receive)
            sent = passed(given, scope["method"], scope)
            if sent is not given and (close := _close_of(given, sent)) is not None:
                closing = close()
                if inspect.isawaitable(closing):
                    await closing
            return sent

    return AsyncGated(host)


class _SyncGated:
    """See `outgoing`."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost) -> None:
        self._respond = host.respond

    def respond(self, environ: Environ) -> Reply:
        given = self._respond(environ)
        sent = passed(given, environ["REQUEST_METHOD"], environ, is_text_only=True)
        if sent is not given and (close := _close_of(given, sent)) is not None:
            close()
        return sent


def _close_of(given: Reply, sent: Reply) -> Callable[[], Any] | None:
    """What closes a stream that was given and isn't sent."""
    body: Any = given.body
    if isinstance(body, bytes) or not isinstance(sent.body, bytes):
        return None
    return getattr(body, "aclose", None) or getattr(body, "close", None)
