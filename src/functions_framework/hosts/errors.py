"""From an exception to the reply its caller gets, where no web framework does it.

The order is the same on every host: a handler for the status, then one for the nearest class, then
the exception's own reply, then a handler for 500, then the crash reply, which never holds the
exception's text.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import (
    MalformedRequest,
    RequestRefused,
    RequestTimeoutException,
)
from functions_framework.model.function import Signature
from functions_framework.model.message import CLIENT_LEFT, CRASH, HTML, TEXT, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.model.function import Function
    from functions_framework.signatures.codec import Codec

# Browsers and crawlers ask every server for these; an http function is not called for them.
IGNORED_PATHS = frozenset({"/robots.txt", "/favicon.ico"})

_PAGE = (
    "<!doctype html>\n<html lang=en>\n<title>{code} {name}</title>\n"
    "<h1>{name}</h1>\n<p>{text}</p>\n"
)
_CRASH_TEXT = (
    "500 Internal Server Error: The server encountered an internal error and was unable to"
    " complete your request. Either the server is overloaded or there is an error in the"
    " application."
)

_HEALTHY = Reply(200, [HTML], b"")
CRASH_REPLY = Reply(500, [HTML, CRASH], _CRASH_TEXT.encode())
TIMEOUT_REPLY = Reply(504, [TEXT], b"The function did not answer in time.")
NOT_FOUND_REPLY = Reply(
    404,
    [HTML],
    _PAGE.format(
        code=404,
        name="Not Found",
        text="The requested URL was not found on the server. If you entered the URL manually"
        " please check your spelling and try again.",
    ).encode(),
)


def method_not_allowed(allowed: Sequence[str]) -> Reply:
    """405 with the methods that would do (RFC 9110 section 15.5.6)."""
    page = _PAGE.format(
        code=405,
        name="Method Not Allowed",
        text="The method is not allowed for the requested URL.",
    )
    return Reply(405, [HTML, ("allow", ", ".join(allowed))], page.encode())


def answer_without_call(
    codec: Codec, function: Function, method: str, path: str, header: Callable[[str], str | None]
) -> Reply:
    """The reply to a request whose method the signature does not take.

    GET and HEAD of `/` are health checks for event and cloudevent functions, and OPTIONS may ask
    whether events are welcome.
    """
    if method == "OPTIONS":
        from .handshake import answer

        reply = answer(function, header)
        if reply is not None:
            return reply
    allowed = sorted(codec.methods)
    if path == "/" and function.signature is not Signature.TYPED:
        if method in {"GET", "HEAD"}:
            return _HEALTHY
        allowed = ["GET", "HEAD", *allowed]
    return method_not_allowed(allowed)


class ClientLeftError(MalformedRequest):
    """An application was told that its client has left, and gave the response up: no fault."""

    http_status = CLIENT_LEFT

    @staticmethod
    def reply() -> Reply:
        """Nobody reads it: only the access log shows it."""
        return Reply(CLIENT_LEFT, [], b"")


def refusal(error: RequestRefused) -> Reply:
    """The reply to a request that was at fault."""
    own = getattr(error, "reply", None)
    if own is not None:
        return own()  # type: ignore[no-any-return]
    return Reply(error.http_status, [TEXT], f"{error}\n".encode())


def status_of(error: BaseException) -> int | None:
    """The status an exception stands for, None for a crash or for a response of its own."""
    if isinstance(error, (RequestRefused, RequestTimeoutException)):
        return error.http_status
    # Other libraries' exceptions have a `code` or `status_code` that says nothing of this reply.
    if _is_of(error, "werkzeug.exceptions"):
        return error.code  # type: ignore[attr-defined, no-any-return]
    if _is_of(error, "starlette.exceptions"):
        return error.status_code  # type: ignore[attr-defined, no-any-return]
    return None


def _is_of(error: BaseException, module: str) -> bool:
    """Whether it is the `HTTPException` of a library, without importing that."""
    library = sys.modules.get(module)
    return library is not None and isinstance(error, library.HTTPException)


def own_reply(error: BaseException) -> Reply | None:
    """The reply an exception brings along, None for a crash."""
    if isinstance(error, RequestTimeoutException):
        return TIMEOUT_REPLY
    if isinstance(error, RequestRefused):
        return refusal(error)
    if _is_of(error, "werkzeug.exceptions"):
        return _werkzeugs_reply(error)
    return _starlettes_reply(error) if _is_of(error, "starlette.exceptions") else None


def _werkzeugs_reply(error: Any) -> Reply:
    from functions_framework.signatures.results import encode

    if error.code == 500:
        return Reply(500, [HTML, CRASH], str(error).encode())
    return encode(error.get_response())


def _starlettes_reply(error: Any) -> Reply:
    headers = list((error.headers or {}).items())
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.insert(0, TEXT)
    return Reply(error.status_code, headers, error.detail.encode())
