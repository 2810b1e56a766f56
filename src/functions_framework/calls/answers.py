"""A sync host's whole response to an environ, read to its end as a client would.

`answers_async` does the same for an async host and a scope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.hosts.outgoing import passed, with_length
from functions_framework.hosts.wsgi.environ import path_of
from functions_framework.logs import log_crash
from functions_framework.model.fields import as_read
from functions_framework.runtime.closing import close

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ, SyncHost
    from functions_framework.model.message import Headers, Reply


class Answer(NamedTuple):
    """A response that was read to its end.

    Attributes:
        status: the HTTP status code.
        headers: names in lower case and values, in sending order.
        body: the whole body.
        is_whole: False when a stream broke off.
    """

    status: int
    headers: Headers
    body: bytes
    is_whole: bool = True


def answer_of(host: SyncHost, environ: Environ, *, has_length: bool = True) -> Answer:
    """Have a sync host answer an environ, in this thread.

    Args:
        host: answers it.
        environ: of the request.
        has_length: whether the response has the Content-Length that a server adds.
    """
    method = environ["REQUEST_METHOD"]
    reply = passed(host.respond(environ), method, environ)
    body: Any = reply.body
    if isinstance(body, bytes):
        close(None, body)
        return read(reply, method, bytes(body), has_length=has_length)
    parts: list[bytes] = []
    is_whole = True
    try:
        for part in body:
            parts.append(as_sent(part))  # noqa: PERF401 - kept when the stream breaks off
    except BaseException as error:  # noqa: BLE001 - the server logs it and cuts the connection
        log_crash(error, method=method, path=path_of(environ))
        is_whole = False
    finally:
        close(None, body)
    return read(reply, method, b"".join(parts), is_whole=is_whole, has_length=has_length)


def read(
    reply: Reply, method: str, body: bytes, *, is_whole: bool = True, has_length: bool = True
) -> Answer:
    """A reply as a client has it that read its whole body."""
    headers = with_length(reply, method) if has_length else reply.headers
    return Answer(reply.status, as_read(headers), body, is_whole)


def as_sent(part: bytes | str) -> bytes:
    """A part of a stream, of text in UTF-8."""
    return part.encode() if isinstance(part, str) else part
