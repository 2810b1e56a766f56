"""Hosts that answer cross-origin requests around another host; only built where CORS is on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import wsgi
from .asgi import Receive, Scope, Send, send_reply
from .cors import CORS, answer, is_preflight, with_headers
from .function import Function
from .message import Reply
from .routing import Routes, paths_of

CORSRoutes = Routes[CORS]


def cors_routes(functions: Sequence[Function], default: CORS | None) -> CORSRoutes | None:
    """Which rules hold for which path, None where there are none.

    Raises:
        InvalidConfigurationException: a function's `cors=` is malformed.
    """
    ruled = [
        (path, CORS.of(function.options.get("cors")) or default)
        for path, function in paths_of(list(functions))
    ]
    found = [(path, rules) for path, rules in ruled if rules is not None]
    return Routes(found) if found else None


class SyncCORSHost:
    """Answers preflights and adds headers around a sync host."""

    is_async = False

    def __init__(self, host: Any, routes: CORSRoutes) -> None:
        self._host = host
        self._routes = routes

    def respond(self, environ: wsgi.Environ) -> Reply:
        """Answer one request; never raises."""
        rules = self._routes.find(wsgi.path_of(environ))
        if rules is None:
            return self._host.respond(environ)  # type: ignore[no-any-return]
        return answer(
            rules,
            environ["REQUEST_METHOD"],
            _header_of(environ),
            lambda: self._host.respond(environ),
        )


class CORSMiddleware:
    """The same around a WSGI application."""

    def __init__(self, app: Callable[..., Iterable[bytes]], routes: CORSRoutes) -> None:
        self._app = app
        self._routes = routes

    def __call__(self, environ: wsgi.Environ, start_response: Any) -> Iterable[bytes]:
        """Serve as a WSGI application (PEP 3333)."""
        rules = self._routes.find(wsgi.path_of(environ))
        header = _header_of(environ)
        origin = header("origin")
        if rules is None or origin is None:
            return self._app(environ, start_response)
        if is_preflight(environ["REQUEST_METHOD"], header):
            asked = header("access-control-request-headers")
            return wsgi.send(rules.preflight(origin, asked), start_response)
        added = rules.headers_for(origin)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, with_headers(Reply(0, headers, b""), added).headers, *rest)

        return self._app(environ, start)


class AsyncCORSHost:
    """Answers preflights and adds headers around an async host."""

    is_async = True

    def __init__(self, host: Any, routes: CORSRoutes) -> None:
        self._host = host
        self._routes = routes
        self.function: Function = host.function

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation."""
        rules = self._routes.find(scope["path"])
        headers = {name.decode("latin-1"): value for name, value in scope["headers"]}
        origin = headers.get("origin")
        if rules is None or origin is None:
            return await self._host.respond(scope, receive)  # type: ignore[no-any-return]

        def header(name: str) -> str | None:
            value = headers.get(name)
            return None if value is None else value.decode("latin-1")

        caller = origin.decode("latin-1")
        if is_preflight(scope["method"], header):
            return rules.preflight(caller, header("access-control-request-headers"))
        reply = await self._host.respond(scope, receive)
        return with_headers(reply, rules.headers_for(caller))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await self._host(scope, receive, send)


def _header_of(environ: wsgi.Environ) -> Callable[[str], str | None]:
    return lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")
