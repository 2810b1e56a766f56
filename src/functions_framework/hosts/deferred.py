"""Responses that only an ASGI application can send, for sync functions: files, background tasks.

The response runs on the event loop that async code has beside sync functions; a thread sends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

from functions_framework.model.fields import as_bytes
from functions_framework.runtime.crossing import wait_for

from .asgi.opening import open_asgi
from .wsgi.layer_driver import EnvironHead

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIMessage, Environ, Scope
    from functions_framework.model.message import Reply


def opened(response: Any, environ: Environ) -> Reply:
    """Run a response until its body begins; its rest, if there is one, is a blocking stream.

    Args:
        response: an ASGI application.
        environ: of the request.

    Raises:
        BaseException: what the response raises before its body.
    """
    scope = _scope_of(environ)
    reply: Reply = wait_for(lambda: open_asgi(response, scope, _receive))
    body: Any = reply.body
    return reply._replace(body=_Rest(body)) if isinstance(body, AsyncIterable) else reply


async def _receive() -> ASGIMessage:
    """Nothing: who calls the function has read the request, and hears of a client that leaves."""
    nothing: asyncio.Future[ASGIMessage] = asyncio.get_running_loop().create_future()
    return await nothing


def _scope_of(environ: Environ) -> Scope:
    head = EnvironHead(environ)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": head.version,
        "method": head.method,
        "scheme": head.scheme,
        "path": head.path,
        "query_string": head.query.encode("latin-1"),
        "root_path": "",
        "headers": as_bytes(head.pairs),
    }


class _Rest:
    """The parts of an open response; what it does after the last one is part of its closing."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def __iter__(self) -> _Rest:
        return self

    def __next__(self) -> bytes:
        try:
            part: bytes = wait_for(self._body.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None
        return part

    def close(self) -> None:
        """End the response, or wait for its background tasks where all of it was sent."""
        wait_for(self._body.aclose, is_kept=True)
