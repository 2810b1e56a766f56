"""A real `flask.Flask` around functions, which answers as the lean way does.

Whatever the user's module asks for (hooks, routes, blueprints, signals, sessions, middleware), and
whatever an agent has put into Flask, sends requests down Flask's own way, and both give the same
bytes: a test runs the same cases over both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakSet

import flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from functions_framework.logs import log_crash
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Reply
from functions_framework.runtime.closing import close
from functions_framework.signatures.responses import Lasting
from functions_framework.signatures.results import encode

from ..beginnings import begin
from ..errors import IGNORED_PATHS
from ..http_errors import HTTPForm, as_http_error
from ..streams import begun
from ..wsgi.environ import begin_seen, code_of, drain, fill, path_of, send
from . import disturbed
from .contexts import REQUEST_CONTEXT
from .host import FlaskHost
from .json_provider import JSONProvider
from .plain import METHODS, is_plain
from .request import FunctionRequest, are_flasks_own
from .views import Crash, Unsendable, begin_response, is_foreign, not_found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from functions_framework.api.registrations import Registrations
    from functions_framework.model.interfaces import Environ, StartResponse

_apps: WeakSet[FunctionApp] = WeakSet()
_NO_REQUEST = {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/"}


def crash_handler(error: Exception) -> tuple[str, int, dict[str, str]]:
    """The default handler for 500: the generic text, never the exception's own."""
    return str(error), 500, {"X-Google-Status": "crash"}


def _answer_500(error: Exception) -> Any:
    return error.get_response() if isinstance(error, HTTPForm) else crash_handler(error)


class FunctionApp(flask.Flask):
    """A Flask application around one or more sync functions."""

    is_async: Literal[False] = False
    json_provider_class = JSONProvider
    request_class: type[flask.Request] = FunctionRequest

    def __init__(self, name: str, root: Path) -> None:
        super().__init__(
            name,
            root_path=str(root),
            template_folder=str(root / "templates"),
            instance_path=str(root / "instance"),
            static_folder=None,
        )
        self.url_map.merge_slashes = False
        self._is_lean: bool | None = None
        _apps.add(self)
        self.register_error_handler(500, _answer_500)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in METHODS:
            self._is_lean = None  # somebody wraps a method of this app

    def serve(
        self,
        functions: Sequence[Function],
        registrations: Registrations,
        host: FlaskHost | None = None,
    ) -> None:
        """Add the catch-all routes for functions that have been loaded.

        Args:
            functions: what is served.
            registrations: what their module registered.
            host: what serves them already and needs an application now.

        Raises:
            InvalidConfigurationException: two functions share a path, or a path is malformed.
        """
        if not are_flasks_own():
            self.request_class = flask.Request
        self.name = self.import_name = functions[0].name
        self._has_own_routes = any(True for _ in self.url_map.iter_rules())
        self.host = host or FlaskHost(functions, lambda _: self)
        self.view_functions["run"] = self._run
        # A Rule without methods takes every method, made-up ones too.
        self._root_rule = Rule("/", endpoint="run", defaults={"path": ""})
        self._path_rule = Rule("/<path:path>", endpoint="run")
        self.url_map.add(self._root_rule)
        self.url_map.add(self._path_rule)
        self.view_functions["error"] = not_found
        for path in sorted(IGNORED_PATHS):
            owner = self.host.routes.find(path)
            if owner and owner[0].signature is Signature.HTTP and owner[0].path != path:
                self.url_map.add(Rule(path, endpoint="error"))
        for key, handler in registrations.error_handlers:
            self.register_error_handler(key, handler)
        # Made for a request under way, it takes no more hooks, as one that was there before.
        self._got_first_request = host is not None and REQUEST_CONTEXT.get(None) is not None

    def rule_of(self, path: str) -> Rule:
        """The catch-all route that a path takes; Werkzeug's own matching finds none for some."""
        return self._root_rule if path == "/" else self._path_rule

    def _run(self, path: str) -> Any:  # noqa: ARG002 - Flask passes the view argument
        request = REQUEST_CONTEXT.get().request
        found = self.host.routes.find(request.path)
        return found[1](request) if found else not_found()

    # -- results ------------------------------------------------------------------------------

    def _to_response(self, reply: Reply) -> flask.Response:
        response = self.response_class(reply.body, reply.status, reply.headers)  # type: ignore[arg-type]
        names = {name.lower() for name, _ in reply.headers}
        if "ce-type" in names and "content-type" not in names:
            # An event that declares no type for its data: Flask's own would be taken for it.
            del response.headers["Content-Type"]
        return response

    def make_response(self, rv: Any) -> flask.Response:
        """Flask's rules, and what Starlette and async generators return beside them."""
        if isinstance(rv, HTTPException):
            # Flask would run it as a WSGI app and take the page for a stream, which is not drained.
            rv = rv.get_response(REQUEST_CONTEXT.get().request.environ)
        if type(rv) is Unsendable:
            raise rv.error
        body = rv[0] if isinstance(rv, tuple) and rv and not isinstance(rv, Reply) else rv
        context = REQUEST_CONTEXT.get(None)
        environ = _NO_REQUEST if context is None else context.request.environ
        if is_foreign(body):
            response = self._to_response(begun(encode(body), environ))
            rv = response if body is rv else (response, *rv[1:])
        response = super().make_response(rv)
        begin_response(response, environ["REQUEST_METHOD"])
        return response

    # -- errors ------------------------------------------------------------------------------

    def handle_user_exception(self, e: Exception) -> Any:
        """Flask's handlers, also for what stands for a status elsewhere; an exit has none."""
        if not isinstance(e, Crash):
            return super().handle_user_exception(as_http_error(e))
        if isinstance(e.__cause__, Exception):
            return super().handle_user_exception(e.__cause__)
        raise e

    def handle_exception(self, e: Exception) -> flask.Response:
        """The handler for 500, called with what was really raised."""
        cause: Any = e.__cause__ if isinstance(e, Crash) else e
        return super().handle_exception(cause)

    def log_exception(self, exc_info: Any) -> None:
        """Log a crash once, with the traceback of what really happened."""
        error = exc_info[1]
        request = REQUEST_CONTEXT.get().request
        cause = (error.__cause__ if isinstance(error, Crash) else None) or error
        log_crash(cause, method=request.method, path=request.path)

    # -- the ways in -------------------------------------------------------------------------

    def respond(self, environ: Environ) -> Reply:
        """Answer one request of the server; never raises."""
        return self.host.respond(environ)

    def wsgi_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve as a WSGI application (PEP 3333)."""
        fill(environ)
        if self.host.is_lean(environ) and "werkzeug.debug.preserve_context" not in environ:
            reply = self.host.reply(environ)
            if isinstance(reply.body, bytes):
                drain(environ)
            return send(reply, start_response)
        found = self.host.routes.find(path_of(environ))
        begin_seen(environ, found and found[0])
        return super().wsgi_app(environ, start_response)

    def process_response(self, response: flask.Response) -> flask.Response:
        """Flask's hooks, then the rest of the body, so that a client still sending gets this."""
        response = super().process_response(response)
        environ = REQUEST_CONTEXT.get().request.environ
        environ["functions_framework.is_streamed"] = response.is_streamed
        if not response.is_streamed:
            drain(environ)
        return response

    def is_lean(self) -> bool:
        """Whether nothing that Flask would do with a request can be seen."""
        if disturbed.is_disturbed():
            # Whoever changed Flask's class did so for every app there is.
            disturbed.remember()
            for app in _apps:
                app._is_lean = None  # noqa: SLF001
            if disturbed.has_listeners():
                return False
        if self._is_lean is None:
            self._is_lean = is_plain(self, has_own_routes=self._has_own_routes)
            # Flask says so itself on its own way, and agents add hooks on theirs to that.
            self._got_first_request |= self._is_lean
        return self._is_lean

    def error_response(self, error: Exception) -> flask.Response:
        """The response to what a function raised, as Flask's handlers decide."""
        came_by = error.__traceback__
        try:
            return self.finalize_request(self.handle_user_exception(error))
        except Exception as unhandled:  # noqa: BLE001 - as in Flask.wsgi_app
            return self.handle_exception(unhandled)
        finally:
            # Raised again by code that has it in a variable, it would hold itself, and the request.
            error.__traceback__ = came_by

    def full_reply(self, environ: Environ) -> Reply:
        """Answer one request of the server as Flask does."""
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            head[:] = code_of(status), headers

        # As a server does: an agent may have wrapped the call itself.
        body: Any = self(environ, start_response)
        if not head:
            body = begin(body)  # what stands around the app may start with the first part only
        if environ.get("functions_framework.is_streamed", True):
            return Reply(head[0], head[1], body)
        try:
            whole = b"".join(body)
        except BaseException:
            close(None, body)
            raise
        return Reply(head[0], head[1], Lasting.of(whole, body))
