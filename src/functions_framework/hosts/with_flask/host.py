"""The sync host with Flask: each request goes the lean way where nobody can tell, else Flask's own.

The lean way builds the `flask.Request`, sets Flask's two context variables, calls the function and
encodes a plain result itself; it costs a tenth of Flask's own dispatch, and needs no application.
So a function that doesn't import Flask is served with a few of its modules, until somebody looks at
the package, or a request needs what only an application does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flask.wrappers import Response

from functions_framework.logs import log_crash
from functions_framework.runtime.unrun_packages import unseen

from ..errors import CRASH_REPLY, IGNORED_PATHS, own_reply
from ..routes import Routes, paths_of
from ..streams import begun
from ..wsgi.environ import begin_seen, path_of
from .contexts import APP_CONTEXT, REQUEST_CONTEXT, LeanAppContext, LeanRequestContext
from .encoder import Encoder
from .json_provider import JSONProvider
from .late_app import LateApp
from .request import LeanRequest, make_request
from .views import Crash, View, not_found, reply_of, view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import flask

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Reply

    from .late_app import App

# Paths that Flask's own routing answers: the two above and the redirect of an empty path.
_FLASKS_OWN = IGNORED_PATHS | {""}
_NOBODY: tuple[None, View] = (None, not_found)
_new = object.__new__


class FlaskHost(LateApp):
    """Serves one or more sync functions.

    Args:
        functions: what is served.
        make: makes the application around them, see `LateApp`.
        handles_errors: whether their module has registered error handlers.

    Attributes:
        routes: which function answers a path, and how.
        debug: asked by Flask's JSON of its application, and so of this while there is none.
        response_class: see `debug`.

    Raises:
        InvalidConfigurationException: two functions share a path, or a path is malformed.
    """

    is_async: Literal[False] = False
    debug = False
    response_class = Response

    def __init__(
        self,
        functions: Sequence[Function],
        make: Callable[[FlaskHost], App],
        *,
        handles_errors: bool = True,
    ) -> None:
        super().__init__(make)
        self._handles_errors = handles_errors
        self.routes = Routes(
            [(path, (function, view_of(function))) for path, function in paths_of(list(functions))]
        )
        json = JSONProvider(self)  # type: ignore[arg-type]
        late = {"late": self}
        self._request_class = type("Request", (LeanRequest,), {**late, "json_module": json})
        self._context_class = type("RequestContext", (LeanRequestContext,), late)
        self._app_context_class = type("AppContext", (LeanAppContext,), late)
        self._encode_plain = Encoder(self, json).encode

    def respond(self, environ: Environ) -> Reply:
        """Answer one request of the server; never raises."""
        try:
            return self.reply(environ) if self.is_lean(environ) else self.app.full_reply(environ)
        except BaseException as error:  # noqa: BLE001 - nothing may end the server
            log_crash(error, method=environ["REQUEST_METHOD"], path=path_of(environ))
            return CRASH_REPLY

    def is_lean(self, environ: Environ) -> bool:
        """Whether a request may go the lean way."""
        return (
            (self._is_unrun() or self.app.is_lean())
            and environ["REQUEST_METHOD"] != "HEAD"
            and environ["PATH_INFO"] not in _FLASKS_OWN
        )

    def reply(self, environ: Environ) -> Reply:
        """Answer one request the lean way."""
        path = environ["PATH_INFO"]
        if not path.isascii():
            path = path_of(environ)
        if path != "/" and (path[0] != "/" or path[1] == "/"):
            path = f"/{path.lstrip('/')}"  # as Werkzeug's request does
        function, view = self.routes.only or self.routes.find(path) or _NOBODY
        begin_seen(environ, function)
        request = make_request(self._request_class, environ, path)
        if self.made is not None:
            request.json_module = self.made.json
        context: LeanRequestContext = _new(self._context_class)
        context.request = request
        context._after_request_functions = []  # noqa: SLF001 - see `contexts`
        app_token = APP_CONTEXT.set(self._app_context_class())
        token = REQUEST_CONTEXT.set(context)
        try:
            return self._answer(context, request, view)
        finally:
            if context.tokens is not None:
                # A stream that has begun entered them: its end resets them, in reverse.
                token, app_token = context.exchange(token, app_token)
            REQUEST_CONTEXT.reset(token)
            APP_CONTEXT.reset(app_token)
            # What Flask does when it pops the context: close uploads, break the reference cycle.
            if "CONTENT_TYPE" in environ and "files" in request.__dict__:
                request.close()
            environ["werkzeug.request"] = None

    def _is_unrun(self) -> bool:
        """Whether nobody has seen Flask: there can be no hook, listener or setting."""
        return self.made is None and "flask" in unseen

    def _answer(self, context: LeanRequestContext, request: flask.Request, view: View) -> Reply:
        try:
            result = view(request)
        except Exception as error:  # noqa: BLE001 - Flask's own handlers decide, where there are any
            if not self._handles_errors and self._is_unrun():
                return _unhandled(error, request)
            return reply_of(self.app.error_response(error), request.environ)
        try:
            after = context._after_request_functions  # noqa: SLF001 - see `contexts`
            if context.opened_session is None and not after:
                reply = self._encode_plain(result)
                if reply is not None:
                    return reply
            response = self.app.finalize_request(result)
        except Exception as error:  # noqa: BLE001 - as in Flask.wsgi_app
            response = self.app.handle_exception(error)
        return reply_of(response, request.environ)


def _unhandled(error: Exception, request: flask.Request) -> Reply:
    """The reply that Flask would come to for what a function raised, without any handler."""
    raised = error.__cause__ if isinstance(error, Crash) and error.__cause__ else error
    reply = None if raised is not error else own_reply(error)
    if reply is None:
        log_crash(raised, method=request.method, path=request.path)
        return CRASH_REPLY
    return begun(reply, request.environ)
