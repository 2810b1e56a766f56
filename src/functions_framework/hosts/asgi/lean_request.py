"""Starlette's request without the work of its constructors; the same object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection, Request, empty_send

from ..instrumented import is_function_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.interfaces import Receive, Scope

_new = object.__new__


def lean_request(scope: Scope, receive: Receive) -> Request[Any]:
    """`Request(scope, receive)` of an HTTP request, its fields set at once."""
    request: Request[Any] = _new(Request)
    request.scope = scope
    request._receive = receive  # noqa: SLF001 - see `request_maker`
    request._send = empty_send  # noqa: SLF001
    request._stream_consumed = False  # noqa: SLF001
    request._is_disconnected = False  # noqa: SLF001
    request._form = None  # noqa: SLF001
    return request


def request_maker() -> Callable[[Scope, Receive], Request[Any]]:
    """What makes requests: the constructor where Starlette's has other fields, or was replaced."""
    scope: Scope = {"type": "http"}
    constructors = Request.__init__, HTTPConnection.__init__
    if not all(is_function_of(made, "starlette") for made in constructors):
        return Request

    async def receive() -> Any:
        """Never called."""

    is_known = vars(Request(scope, receive)) == vars(lean_request(scope, receive))
    return lean_request if is_known else Request
