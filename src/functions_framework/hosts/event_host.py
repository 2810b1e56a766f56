"""The sync host of event, cloudevent and typed functions whose module does not use Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestRefused
from functions_framework.hosts import wsgi
from functions_framework.hosts.errors import (
    CRASH_REPLY,
    NOT_FOUND_REPLY,
    ErrorHandlers,
    answer_without_call,
    own_reply,
    refusal,
)
from functions_framework.hosts.responses import encode
from functions_framework.hosts.routing import Routes, paths_of
from functions_framework.logs import log_crash
from functions_framework.signatures import codec_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.function import Function
    from functions_framework.message import Reply


class EventHost:
    """Serves sync functions over WSGI without a web framework.

    Attributes:
        reads_request_only: nobody sees the environ but this package, so that the server need not
            add what PEP 3333 wants beside the request.
    """

    is_async = False
    reads_request_only = True

    def __init__(self, functions: Sequence[Function], handlers: ErrorHandlers) -> None:
        self._routes = Routes(
            (path, (function, codec_of(function))) for path, function in paths_of(list(functions))
        )
        self._handlers = handlers

    def respond(self, environ: wsgi.Environ) -> Reply:
        """Answer one request; never raises."""
        found = self._routes.only or self._routes.find(wsgi.path_of(environ))
        if found is None:
            return self._refused(NOT_FOUND_REPLY, environ)
        function, codec = found
        wsgi.begin(environ, function)
        try:
            method = environ["REQUEST_METHOD"]
            if method not in codec.methods:
                path = environ["PATH_INFO"]
                refused = answer_without_call(codec, function.signature, method, path)
                return self._refused(refused, environ)
            arguments = codec.decode(wsgi.message(environ))
        except RequestRefused as error:
            return self._handled(error, environ) if self._handlers else refusal(error)
        except Exception as error:  # noqa: BLE001 - of user code: from_dict of an input type
            return self._handled(error, environ)
        try:
            return codec.encode(function.call(*arguments))
        except BaseException as error:  # noqa: BLE001 - sys.exit in a function must not end the server
            return self._handled(error, environ, is_from_function=True)

    def __call__(self, environ: wsgi.Environ, start_response: wsgi.StartResponse) -> Any:
        """Serve as a WSGI application (PEP 3333)."""
        reply = self.respond(environ)
        if isinstance(reply.body, bytes):
            wsgi.drain(environ)
        return wsgi.send(reply, start_response)

    def _refused(self, reply: Reply, environ: wsgi.Environ) -> Reply:
        """A reply without a call, through its status's handler if there is one."""
        if not self._handlers or reply.status < 400:
            return reply
        from functions_framework.hosts.http_errors import as_refused

        error = as_refused(reply)
        return self._handled(error, environ) if self._handlers.find(error) else reply

    def _handled(
        self, error: BaseException, environ: wsgi.Environ, *, is_from_function: bool = False
    ) -> Reply:
        # What the framework raises to refuse a request is a crash when user code raises it.
        is_crash = is_from_function and isinstance(error, RequestRefused)
        found = self._handlers.find(error, is_crash=is_crash)
        if found is None:
            return (None if is_crash else own_reply(error)) or self._crash(error, environ)
        handler, shown = found
        try:
            return encode(handler(shown))
        except BaseException as failure:  # noqa: BLE001 - as for the function itself
            return self._crash(failure, environ)

    def _crash(self, error: BaseException, environ: wsgi.Environ) -> Reply:
        self._log(error, environ)
        found = self._handlers.find_for_crash(error)
        if found is None:
            return CRASH_REPLY
        handler, shown = found
        try:
            return encode(handler(shown))
        except BaseException as failure:  # noqa: BLE001 - as for the function itself
            self._log(failure, environ)
            return CRASH_REPLY

    def _log(self, error: BaseException, environ: wsgi.Environ) -> None:
        log_crash(error, method=environ["REQUEST_METHOD"], path=wsgi.path_of(environ))
