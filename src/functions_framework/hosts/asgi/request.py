"""The request of async HTTP functions: Starlette's, made and read with less work.

What comes out is Starlette's to the byte, and whatever isn't plain is left to Starlette, whose
exceptions for bodies that cannot be read are given a status;
`tests/hosts/test_requests_of_async_functions.py` compares the two.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.datastructures import FormData, QueryParams
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, HTTPConnection, Request, empty_send

from ..instrumented import is_function_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.interfaces import Receive, Scope

_new = object.__new__


class NotJSON(json.JSONDecodeError, HTTPException):
    """What `json` raises: what Starlette's does, and a response where nobody catches it."""

    def __init__(self, error: Exception) -> None:
        from functions_framework.model.json_text import why_unreadable

        told = error if isinstance(error, json.JSONDecodeError) else None
        where = (told.msg, told.doc, told.pos) if told else (str(error), "", 0)
        json.JSONDecodeError.__init__(self, *where)
        HTTPException.__init__(self, 400, f"The body is not JSON: {why_unreadable(error)}.")

    def __str__(self) -> str:
        return ValueError.__str__(self)


class WholeRequest(Request[Any]):
    """`starlette.requests.Request`; a body that cannot be read is its sender's fault, no crash."""

    async def json(self) -> Any:
        """The body as JSON."""
        await self.body()
        try:
            return await super().json()
        except (ValueError, RecursionError) as error:
            raise NotJSON(error) from error

    async def _get_form(self, **limits: Any) -> FormData:
        """What `form` awaits.

        Starlette tells the sender's faults itself where an application of its own is in the way.
        """
        try:
            return await super()._get_form(**limits)
        except MultiPartException as error:
            raise HTTPException(400, error.message) from error


class FunctionRequest(WholeRequest):
    """`starlette.requests.Request`, as fast as its most common uses allow."""

    async def body(self) -> bytes:
        """The body, without a generator around its parts."""
        known: bytes | None = getattr(self, "_body", None)
        if known is not None:
            return known
        if self._stream_consumed:
            return await super().body()  # which says so
        receive: Any = self._receive
        if not getattr(receive, "is_read", True):  # the server's own, which gives all at once
            self._body = await receive.whole()
            self._stream_consumed = True
            return self._body
        parts = []
        while not self._stream_consumed:
            message = await self._receive()
            if message["type"] == "http.request":
                part = message.get("body", b"")
                if not message.get("more_body", False):
                    self._stream_consumed = True
                if part:
                    parts.append(part)
            elif message["type"] == "http.disconnect":
                self._is_disconnected = True
                raise ClientDisconnect
        self._body = b"".join(parts)
        return self._body

    async def json(self) -> Any:
        """The body as JSON, read by msgspec; what that refuses, by the standard library."""
        if not hasattr(self, "_json"):
            body = await self.body()
            try:
                self._json = _loads()(body)
            except ValueError as error:
                raise NotJSON(error) from error
        return self._json

    @property
    def query_params(self) -> QueryParams:
        """The query; read in one pass where nothing in it is encoded."""
        known: QueryParams | None = getattr(self, "_query_params", None)
        if known is not None:
            return known
        query = self.scope["query_string"]
        if b"%" in query or b"+" in query or not query.isascii():
            return super().query_params
        pairs = []
        for part in query.decode().split("&"):
            if part:
                name, _, value = part.partition("=")
                pairs.append((name, value))
        self._query_params = made = _new(QueryParams)
        made._list, made._dict = pairs, dict(pairs)  # noqa: SLF001 - what its constructor sets
        return made


@cache
def _loads() -> Callable[[bytes], Any]:
    # Only here: most functions read no JSON, and do without msgspec.
    from functions_framework.model.json_text import loads

    return loads


_READS = ("stream", "body", "json", "query_params")
# They stand where Starlette's stood, under the name that logs and error reports show.
for _ours in (WholeRequest, FunctionRequest):
    _ours.__name__ = _ours.__qualname__ = "Request"


def lean_request(scope: Scope, receive: Receive) -> Request[Any]:
    """`Request(scope, receive)` of an HTTP request, its fields set at once."""
    request = _new(FunctionRequest)
    request.scope = scope
    request._receive = receive  # noqa: SLF001 - see `request_maker`
    request._send = empty_send  # noqa: SLF001
    request._stream_consumed = False  # noqa: SLF001
    request._is_disconnected = False  # noqa: SLF001
    request._form = None  # noqa: SLF001
    return request


def request_maker() -> Callable[[Scope, Receive], Request[Any]]:
    """What makes requests: Starlette's constructor where that has other fields, or was changed."""
    scope: Scope = {"type": "http", "query_string": b"a=1"}
    found = [vars(parent).get(name) for parent in (Request, HTTPConnection) for name in _READS]
    found += [Request.__init__, HTTPConnection.__init__]
    functions = [getattr(one, "fget", one) for one in found if one is not None]
    if not all(is_function_of(one, "starlette") for one in functions):
        return WholeRequest

    async def receive() -> Any:
        """Never called."""

    full, lean = Request(scope, receive), lean_request(scope, receive)
    is_known = vars(full) == vars(lean)
    is_known = is_known and vars(full.query_params) == vars(lean.query_params)
    return lean_request if is_known else WholeRequest
