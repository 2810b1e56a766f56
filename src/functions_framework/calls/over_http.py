"""Sends a request over the network, for servers that run elsewhere; standard library only."""

from __future__ import annotations

import http.client
import time
from typing import TYPE_CHECKING

from functions_framework.model.request import UnreachableServerError, split_url

from .result import ResponseHeaders, Result

if TYPE_CHECKING:
    from functions_framework.model.request import Request

_PART = 64 * 1024
# How a server that speaks TLS 1.2 or 1.3 answers plain HTTP (RFC 8446, section 5.1).
_TLS_ALERT = "\x15\x03"


def send(url: str, request: Request, timeout: float = 60.0) -> Result:
    """Send a request and read the response, to where it broke off if it did.

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
        body, is_whole = _read(response)
        pairs = ResponseHeaders((name.lower(), value) for name, value in response.getheaders())
        duration = time.perf_counter() - before
        return Result(response.status, pairs, body, duration=duration, is_whole=is_whole)
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreachableServerError(
            f"No response from {url}: {_shown(reason)}. {_advice(reason)}"
        ) from None
    finally:
        connection.close()


def _read(response: http.client.HTTPResponse) -> tuple[bytes, bool]:
    """The body, and whether its end came."""
    parts = []
    try:
        while part := response.read1(_PART):
            parts.append(part)
    except (OSError, http.client.HTTPException):
        return b"".join(parts), False
    return b"".join(parts), not response.length  # what is missing of a declared length


def _shown(reason: str) -> str:
    return "what came is not HTTP" if reason.startswith(_TLS_ALERT) else reason


def _advice(reason: str) -> str:
    if reason.startswith(_TLS_ALERT):
        return "The server there speaks TLS: write https:// instead."
    if "WRONG_VERSION_NUMBER" in reason:
        return "The server there does not speak TLS: write http:// instead."
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return "Name a file of certificates to trust with the variable SSL_CERT_FILE."
    return "Is the server running there?"


def _headers(request: Request) -> list[tuple[str, str]]:
    """Those of the request, with the length of a body or of one that is empty but expected."""
    has_body = bool(request.body) or request.method in {"POST", "PUT", "PATCH"}
    length = [("content-length", str(len(request.body)))] if has_body else []
    return [*request.headers, *([] if request.header("content-length") else length)]
