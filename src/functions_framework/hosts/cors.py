"""Hosts that answer cross-origin requests around another host; only built where CORS is on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.api.cors import CORS, is_preflight, with_headers
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.message import Reply

from .asgi.scope import Receive, Scope, Send, send_reply
from .routes import Routes, described, paths_of
from .wsgi.environ import Environ, path_of, send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from functions_framework.model.function import Function

CORSRoutes = Routes[CORS]


def cors_routes(functions: Sequence[Function], default: str | CORS | None) -> CORSRoutes | None:
    """Which rules hold for which path, None where there are none.

    Args:
        functions: what is served, each perhaps with a `cors=` of its own.
        default: the rules of the whole server.

    Raises:
        InvalidConfigurationException: a function's `cors=` is malformed.
    """
    everybody = CORS.of(default)
    found = []
    for path, function in paths_of(list(functions)):
        try:
            rules = CORS.of(function.options.get("cors")) or everybody
        except InvalidConfigurationException as error:
            message = f"The function {described(function)} has {error}"
            raise InvalidConfigurationException(message) from None
        if rules is not None:
            found.append((path, rules))
    if everybody is not None and not {None, "/"} & {path for path, _ in found}:
        found.append(("/", everybody))  # what no function owns is refused, but readably
    return Routes(found) if found else None


class SyncCORSHost:
    """Answers preflights and adds headers around a sync host."""

    is_async = False

    def __init__(self, host: Any, routes: CORSRoutes) -> None:
        self._host = host
        self._routes = routes

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        rules = self._routes.find(path_of(environ))
        if rules is None:
            return self._host.respond(environ)  # type: ignore[no-any-return]
        header = _header_of(environ)
        origin = header("origin")
        if origin is not None and is_preflight(environ["REQUEST_METHOD"], header):
            return rules.preflight(origin, header("access-control-request-headers"))
        return with_headers(self._host.respond(environ), rules.headers_for(origin))


class CORSMiddleware:
    """The same around a WSGI application."""

    def __init__(self, app: Callable[..., Iterable[bytes]], routes: CORSRoutes) -> None:
        self._app = app
        self._routes = routes

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Serve as a WSGI application (PEP 3333)."""
        rules = self._routes.find(path_of(environ))
        header = _header_of(environ)
        origin = header("origin")
        if rules is None:
            return self._app(environ, start_response)
        if origin is not None and is_preflight(environ["REQUEST_METHOD"], header):
            asked = header("access-control-request-headers")
            return send(rules.preflight(origin, asked), start_response)
        added = rules.headers_for(origin)

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(
                status, with_headers(Reply(0, headers, b""), added).headers, *rest
            )

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
        if rules is None:
            return await self._host.respond(scope, receive)  # type: ignore[no-any-return]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}

        def header(name: str) -> str | None:
            return headers.get(name.encode())

        origin = header("origin")
        if origin is not None and is_preflight(scope["method"], header):
            return rules.preflight(origin, header("access-control-request-headers"))
        return with_headers(await self._host.respond(scope, receive), rules.headers_for(origin))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI application."""
        if scope["type"] == "http":
            await send_reply(await self.respond(scope, receive), send, scope)
        else:
            await self._host(scope, receive, send)


def _header_of(environ: Environ) -> Callable[[str], str | None]:
    return lambda name: environ.get(f"HTTP_{name.upper().replace('-', '_')}")
