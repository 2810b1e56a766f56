"""What async servers are asked for: one function of a Starlette request, here and for Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.types import Receive, Scope, Send


async def _echo(request: Request) -> Response:
    seen = {
        "method": request.method,
        "path": request.url.path,
        "args": [list(pair) for pair in request.query_params.multi_items()],
        "body": (await request.body()).decode("latin-1"),
        "cookies": request.cookies,
        "x": request.headers.get("x-seen"),
        "agent": request.headers.get("user-agent"),
        "host": request.headers.get("host"),
        "type": request.headers.get("content-type"),
    }
    return JSONResponse(seen)


def _given(make: Callable[[], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return make()

    return answer


def _parts(*parts: bytes | str) -> Callable[[Request], Awaitable[Response]]:
    async def produce() -> AsyncIterator[bytes | str]:
        for part in parts:
            yield part

    return _given(lambda: StreamingResponse(produce(), media_type="text/plain"))


async def _broken(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        yield b"first"
        raise ValueError("broken on purpose")

    return StreamingResponse(parts(), media_type="text/plain")


def _cookies() -> Response:
    response = Response("x")
    response.set_cookie("a", "1")
    response.set_cookie("b", "2", httponly=True)
    return response


async def _abort(request: Request) -> Response:
    raise HTTPException(int(request.query_params.get("status", "404")))


async def _status(request: Request) -> Response:
    return Response("body", int(request.query_params.get("status", "200")))


def _twice() -> Response:
    response = Response("x")
    response.headers.append("X-A", "1")
    response.headers.append("X-A", "2")
    return response


FUNCTIONS: dict[str, Callable[[Request], Awaitable[Response]]] = {
    "text": _given(lambda: Response("Hello world!", media_type="text/plain")),
    "bytes": _given(lambda: Response(b"\x00\xff")),
    "empty": _given(lambda: Response("")),
    "json": _given(lambda: JSONResponse({"b": 1, "a": ["é", None]})),
    "created": _given(lambda: Response("x", 201, {"X-A": "1", "Location": "/there"})),
    "twice": _given(_twice),
    "redirect": _given(lambda: RedirectResponse("/text")),
    "large": _given(lambda: Response(b"x" * 1_000_000)),
    "stream": _parts("a", b"b", "c"),
    "stream-with-empty-parts": _parts("", "a", b"", "b", ""),
    "stream-of-nothing": _parts(),
    "broken": _broken,
    "cookies": _given(_cookies),
    "abort": _abort,
    "status": _status,
    "echo": _echo,
    "unread": _given(lambda: Response("not read")),
}


async def answer(request: Request) -> Response:
    """The response of the function that the first step of the path names."""
    return await FUNCTIONS[request.url.path.split("/")[1]](request)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The reference: an ASGI application without a router, every path and method to `answer`."""
    if scope["type"] != "http":
        return
    try:
        response: Any = await answer(Request(scope, receive))
    except HTTPException as error:
        response = Response(error.detail, error.status_code, media_type="text/plain")
    await response(scope, receive, send)
