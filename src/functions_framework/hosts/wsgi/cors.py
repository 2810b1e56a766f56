"""Cross-origin rules around sync hosts and WSGI applications (PEP 3333)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from functions_framework.model.message import Reply

from ..cors import with_headers
from .environ import fill, header_of, path_of, send

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_framework.model.interfaces import Environ, StartResponse, SyncHost, WSGIApp

    from ..cors import Rules
    from ..routes import Routes


class SyncCORS:
    """A sync host that answers preflights, and adds headers to every other response."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost, routes: Routes[Rules]) -> None:
        self.reads_request_only = getattr(host, "reads_request_only", False)
        self._respond = host.respond
        self._only = routes.only
        self._find = routes.find

    def respond(self, environ: Environ) -> Reply:
        """Answer one request."""
        rules = self._only or self._find(path_of(environ))
        if rules is None:
            return self._respond(environ)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            asked = rules.preflight(header_of(environ))
            if asked is not None:
                return asked
        added = rules.added[environ.get("HTTP_ORIGIN")]
        return with_headers(self._respond(environ), added)


class CORSApp:
    """A WSGI application that does."""

    def __init__(self, app: WSGIApp, routes: Routes[Rules]) -> None:
        self._app = app
        self._find = routes.find

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve as a WSGI application (PEP 3333)."""
        fill(environ)
        rules = self._find(path_of(environ))
        if rules is None:
            return self._app(environ, start_response)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            asked = rules.preflight(header_of(environ))
            if asked is not None:
                return send(asked, start_response)
        added = rules.added[environ.get("HTTP_ORIGIN")]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            changed = with_headers(Reply(0, headers, b""), added)
            return start_response(status, changed.headers, *rest)

        return self._app(environ, start)
