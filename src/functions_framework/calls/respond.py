"""One request through a host in memory: the request as a value in, the whole response out.

The host is the one the server would call; what stands for the server here reads streams to their
end, as a client would.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from functions_framework.hosts.asgi.bridge import environ_of
from functions_framework.model.fields import PATH_CHARACTERS, as_bytes

from . import answers_async
from .answers import Answer, answer_of

if TYPE_CHECKING:
    from functions_framework.model.interfaces import AsyncHost, Scope, SyncHost
    from functions_framework.model.request import Request

__all__ = ["Answer", "respond", "respond_async", "scope_of"]

_ENCODED = f"{PATH_CHARACTERS}%"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def respond(host: SyncHost, request: Request) -> Answer:
    """Send a request to a sync host, in this thread."""
    return answer_of(host, environ_of(scope_of(request), io.BytesIO(request.body)))


async def respond_async(host: AsyncHost, request: Request) -> Answer:
    """Send a request to an async host, on the running loop."""
    return await answers_async.answer_of(host, scope_of(request), request.body)


def scope_of(request: Request) -> Scope:
    """The ASGI scope of a request (ASGI 3, HTTP connection scope)."""
    headers = [(name.lower(), value) for name, value in request.headers]
    known = dict(headers)
    if "host" not in known:
        headers.insert(0, ("host", "localhost"))
    if "content-length" not in known and (request.body or request.method in _WITH_BODY):
        headers.append(("content-length", str(len(request.body))))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(request.path),
        "raw_path": quote(request.path, safe=_ENCODED).encode(),
        "query_string": request.query.encode(),
        "root_path": "",
        "headers": as_bytes(headers),
        "client": ("127.0.0.1", 50000),
        "server": ("localhost", 80),
    }
