"""The sync host of event, cloudevent and typed functions whose module does not use Flask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import wsgi
from .errors import (
    CRASH_REPLY,
    NOT_FOUND_REPLY,
    ErrorHandlers,
    method_not_allowed,
    own_reply,
    refusal,
)
from .exceptions import RequestRefused
from .function import Function, Signature
from .logs import log_crash
from .message import HTML, Reply
from .responses import encode
from .routing import Routes, paths_of
from .signatures import Codec, codec_of

_HEALTHY = Reply(200, [HTML], b"")


def answer_without_call(codec: Codec, signature: Signature, method: str, path: str) -> Reply | None:
    """The reply to a request that the signature does not take, None if it does.

    GET and HEAD of `/` are health checks for event and cloudevent functions.
    """
    if method in codec.methods:
        return None
    allowed = sorted(codec.methods)
    if path == "/" and signature is not Signature.TYPED:
        if method in {"GET", "HEAD"}:
            return _HEALTHY
        allowed = ["GET", "HEAD", *allowed]
    return method_not_allowed(allowed)


class EventHost:
    """Serves sync functions over WSGI without a web framework."""

    is_async = False

    def __init__(self, functions: Sequence[Function], handlers: ErrorHandlers) -> None:
        self._routes = Routes(
            (path, (function, codec_of(function))) for path, function in paths_of(list(functions))
        )
        self._handlers = handlers

    def respond(self, environ: wsgi.Environ) -> Reply:
        """Answer one request; never raises."""
        found = self._routes.only or self._routes.find(wsgi.path_of(environ))
        if found is None:
            return NOT_FOUND_REPLY
        function, codec = found
        wsgi.begin(environ, function)
        try:
            refused = answer_without_call(
                codec, function.signature, environ["REQUEST_METHOD"], environ["PATH_INFO"]
            )
            if refused is not None:
                return refused
            arguments = codec.decode(wsgi.message(environ))
        except RequestRefused as error:
            return self._handled(error, environ) if self._handlers else refusal(error)
        except Exception as error:
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

    def _handled(
        self, error: BaseException, environ: wsgi.Environ, *, is_from_function: bool = False
    ) -> Reply:
        handler: Callable[..., Any] | None = self._handlers.find(error)
        if handler is not None:
            try:
                return encode(handler(error))
            except BaseException as failure:  # noqa: BLE001 - as for the function itself
                return self._crash(failure, environ)
        # What the framework raises to refuse a request is a crash when user code raises it.
        is_crash = is_from_function and isinstance(error, RequestRefused)
        return (None if is_crash else own_reply(error)) or self._crash(error, environ)

    def _crash(self, error: BaseException, environ: wsgi.Environ) -> Reply:
        log_crash(error, method=environ["REQUEST_METHOD"], path=wsgi.path_of(environ))
        return CRASH_REPLY
