"""Sends a request over the network, for servers that run elsewhere; standard library only."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

from functions_framework.model.request import UnreachableServerError, split_url

from .result import ResponseHeaders, Result

if TYPE_CHECKING:
    from functions_framework.model.request import Request


def send(url: str, request: Request, timeout: float = 60.0) -> Result:
    """Send a request and read the whole response.

    Args:
        url: scheme, host and port; a path is put before the request's own.
        request: what is sent.
        timeout: seconds without progress after which the server counts as unreachable.

    Raises:
        UnreachableServerError: there is no response.
    """
    parts, port = split_url(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", port, timeout=timeout)
    target = request.target_below(parts.path, parts.query)
    before = time.perf_counter()
    try:
        connection.putrequest(request.method, target, skip_accept_encoding=True)
        for name, value in _headers(request):
            connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        body = response.read()
        pairs = [(name.lower(), value) for name, value in response.getheaders()]
        return Result(
            response.status, ResponseHeaders(pairs), body, duration=time.perf_counter() - before
        )
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreachableServerError(
            f"No response from {url}: {reason}. Is the server running there?"
        ) from None
    finally:
        connection.close()


def _headers(request: Request) -> list[tuple[str, str]]:
    """Those of the request, with the length of a body or of one that is empty but expected."""
    has_body = bool(request.body) or request.method in {"POST", "PUT", "PATCH"}
    length = [("content-length", str(len(request.body)))] if has_body else []
    return [*request.headers, *([] if request.header("content-length") else length)]
