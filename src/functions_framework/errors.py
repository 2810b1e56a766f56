"""From an exception to the reply its caller gets, where no web framework does it.

The order is the same on every host: a handler for the status code, then one for the nearest class,
then the exception's own reply, then the crash reply, which never holds the exception's text.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from .exceptions import RequestRefused, RequestTimeoutException
from .message import CRASH, HTML, TEXT, Reply

Handler = Callable[..., Any]

# Browsers and crawlers ask every server for these; an http function is not called for them.
IGNORED_PATHS = frozenset({"/robots.txt", "/favicon.ico"})

_PAGE = (
    "<!doctype html>\n<html lang=en>\n<title>{code} {name}</title>\n<h1>{name}</h1>\n<p>{text}</p>\n"
)
_CRASH_TEXT = (
    "500 Internal Server Error: The server encountered an internal error and was unable to"
    " complete your request. Either the server is overloaded or there is an error in the"
    " application."
)

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


def refusal(error: RequestRefused) -> Reply:
    """The reply to a request that was at fault."""
    own = getattr(error, "reply", None)
    if own is not None:
        return own()  # type: ignore[no-any-return]
    return Reply(error.http_status, [TEXT], f"{error}\n".encode())


def status_of(error: BaseException) -> int | None:
    """The status an exception stands for, None for one that is a crash."""
    for attribute in ("http_status", "status_code", "code"):
        status = getattr(error, attribute, None)
        if isinstance(status, int) and _is_http_error(error, attribute):
            return status
    return None


def _is_http_error(error: BaseException, attribute: str) -> bool:
    # `code` and `status_code` are common names on exceptions that have nothing to do with HTTP
    # replies (client libraries' errors), so only the two libraries' own classes count.
    if attribute == "http_status":
        return isinstance(error, (RequestRefused, RequestTimeoutException))
    module = "starlette.exceptions" if attribute == "status_code" else "werkzeug.exceptions"
    library = sys.modules.get(module)
    return library is not None and isinstance(error, library.HTTPException)


class ErrorHandlers:
    """The handlers one app was built with."""

    def __init__(self, registered: Sequence[tuple[type[Exception] | int, Handler]]) -> None:
        self._by_code = {key: handler for key, handler in registered if isinstance(key, int)}
        self._by_class = {key: handler for key, handler in registered if isinstance(key, type)}

    def __bool__(self) -> bool:
        return bool(self._by_code or self._by_class)

    def find(self, error: BaseException) -> Handler | None:
        """The handler for an exception: by status code first, then by the nearest class.

        Ordinary exceptions fall back to the handler for 500.
        """
        status = status_of(error)
        if status is not None and status in self._by_code:
            return self._by_code[status]
        if isinstance(error, Exception):
            for kind in type(error).__mro__:
                if kind in self._by_class:
                    return self._by_class[kind]
        if status is None:
            return self._by_code.get(500)
        return None


def own_reply(error: BaseException) -> Reply | None:
    """The reply an exception brings along, None for a crash."""
    if isinstance(error, RequestTimeoutException):
        return TIMEOUT_REPLY
    if isinstance(error, RequestRefused):
        return refusal(error)
    if status_of(error) is None:
        return None
    if hasattr(error, "get_response"):  # werkzeug.exceptions.HTTPException
        from .responses import encode

        reply = encode(error.get_response())
        return reply._replace(headers=[*reply.headers, CRASH]) if reply.status == 500 else reply
    headers = [TEXT, *(dict(getattr(error, "headers", None) or {})).items()]
    return Reply(error.status_code, headers, str(error.detail).encode())  # type: ignore[attr-defined]
