"""Flask without its dispatch: the contexts and the encoding that the lean way is made of.

This file and `flask_app` are the only ones that touch Flask's private names (the two context
variables, the contexts' fields); `tests/hosts/test_lean_and_full.py` fails when
one of them moves.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request
from werkzeug.datastructures import EnvironHeaders

from functions_framework.model.message import NO_CONTENT, Reply, tuple_of

from .json_provider import JSONProvider

if TYPE_CHECKING:
    import flask
    from flask.sessions import SessionMixin
    from werkzeug.routing import MapAdapter, Rule

    from functions_framework.model.interfaces import Environ

_new = object.__new__
# The numbers of the ports that are served: looked up in a fifth of the time of being read.
_ports: dict[str, int] = {}
_MOST_PORTS = 16

APP_CONTEXT = _cv_app
REQUEST_CONTEXT = _cv_request

_HTML = ("Content-Type", "text/html; charset=utf-8")
# Headers that Flask rewrites or merges.
_SPECIAL = frozenset({"content-type", "content-length", "location", "content-location"})


def make_request(app: flask.Flask, environ: Environ, rule: Rule, path: str) -> flask.Request:
    """`flask.Request(environ)` after matching, its fields set at once instead of by constructors.

    Args:
        app: gives the JSON provider.
        environ: of the request.
        rule: what the request matched.
        path: its decoded path.
    """
    request: flask.Request = _new(app.request_class)
    # In the constructors' order, and one by one: a dict of them takes twice the time.
    request.method = environ["REQUEST_METHOD"].upper()
    request.scheme = environ["wsgi.url_scheme"]
    port = environ["SERVER_PORT"]
    request.server = (environ["SERVER_NAME"], _ports.get(port) or _number(port))
    request.root_path = environ["SCRIPT_NAME"].rstrip("/")
    request.path = path
    request.query_string = environ["QUERY_STRING"].encode("latin-1")
    request.headers = headers = _new(EnvironHeaders)
    headers.environ = environ
    request.remote_addr = environ.get("REMOTE_ADDR")
    request.environ = environ
    request.shallow = False
    request.json_module = app.json
    request.url_rule = rule
    request.view_args = {"path": path[1:]}
    environ["werkzeug.request"] = request
    return request


def _number(port: str) -> int:
    number = int(port)
    if len(_ports) < _MOST_PORTS:
        _ports[port] = number
    return number


class LeanAppContext(AppContext):
    """Flask's app context, its parts made when they are first asked for."""

    # Not Flask's, which makes them all. The one of C takes half the time of one in Python.
    __init__ = object.__init__

    @cached_property
    def _cv_tokens(self) -> list[Any]:  # type: ignore[override]
        return []

    @cached_property
    def g(self) -> Any:  # type: ignore[override]
        """The per-call namespace."""
        return self.app.app_ctx_globals_class()

    @property
    def url_adapter(self) -> MapAdapter | None:  # type: ignore[override]
        """Builds URLs outside a request."""
        return self.app.create_url_adapter(None)


class LeanRequestContext(RequestContext):
    """Flask's request context, its parts made when they are first asked for."""

    flashes = None
    opened_session: SessionMixin | None = None
    tokens: list[Any] | None = None

    def __init__(
        self,
        app: flask.Flask,
        environ: Environ,
        request: flask.Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        if request is None:
            request = app.request_class(environ)
            request.json_module = app.json
        self.app = app
        self.request = request
        if session is not None:
            self.opened_session = session
        self._after_request_functions = []

    def exchange(self, token: Any, app_token: Any) -> tuple[Any, Any]:
        """What to reset both variables with, where the call's tokens are those given.

        A stream of the call that has entered the contexts leaves them at its own end, after the
        call. Tokens are used in reverse, so the call takes the last and leaves its own, as Flask
        does when it pops them.
        """
        if self._cv_tokens:
            self._cv_tokens.insert(0, (token, None))
            token, _ = self._cv_tokens.pop()
        entered = APP_CONTEXT.get()._cv_tokens  # noqa: SLF001 - see above
        if entered:
            entered.insert(0, app_token)
            app_token = entered.pop()
        return token, app_token

    @property
    def _cv_tokens(self) -> list[Any]:  # type: ignore[override]
        if self.tokens is None:
            self.tokens = []
        return self.tokens

    @property
    def url_adapter(self) -> MapAdapter | None:  # type: ignore[override]
        """Matches and builds URLs of this request."""
        return self.app.create_url_adapter(self.request)

    @property
    def _session(self) -> SessionMixin | None:  # type: ignore[override]
        if self.opened_session is None:
            interface = self.app.session_interface
            opened = interface.open_session(self.app, self.request)
            self.opened_session = opened or interface.make_null_session(self.app)
        return self.opened_session


class Encoder:
    """Encodes plain results as Flask would, header for header."""

    def __init__(self, app: flask.Flask) -> None:
        self._app = app

    def encode(self, value: Any) -> Reply | None:
        """The reply for a plain value, None for one that needs Flask's own rules."""
        kind = type(value)
        if kind is str:
            return tuple_of(Reply, (200, [_HTML], value.encode()))
        if kind is dict or kind is list:
            return self._encode_json(value)
        if kind is bytes:
            return tuple_of(Reply, (200, [_HTML], value))
        if kind is tuple:
            return self._encode_tuple(value)
        if kind is Reply:
            return value if _is_plain_reply(value) else None
        return None

    def _encode_json(self, value: object) -> Reply | None:
        provider = self._app.json
        if type(provider) is not JSONProvider or provider.compact is False or self._app.debug:
            return None
        body = f"{provider.dumps_compact(value)}\n".encode()
        return tuple_of(Reply, (200, [("Content-Type", provider.mimetype)], body))

    def _encode_tuple(self, value: tuple[Any, ...]) -> Reply | None:
        if len(value) == 2:
            body, status = value
            headers = None
        elif len(value) == 3:
            body, status, headers = value
        else:
            return None
        if type(status) is not int or not 200 <= status <= 599 or status in NO_CONTENT:
            return None
        if type(body) is tuple or (headers is not None and not _is_plain(headers)):
            return None
        reply = self.encode(body)
        if reply is None:
            return None
        if headers:
            return tuple_of(Reply, (status, [*headers.items(), *reply[1]], reply[2]))
        return tuple_of(Reply, (status, reply[1], reply[2]))


def _is_plain_reply(reply: Reply) -> bool:
    """Whether Flask's response would send what an event or typed function gives as it is."""
    status, headers, body = reply
    if type(body) is not bytes or not 200 <= status <= 599 or status in NO_CONTENT:
        return False
    names = [name.lower() for name, _ in headers]
    return names.count("content-type") == 1 and len(_SPECIAL.intersection(names)) == 1


def _is_plain(headers: object) -> bool:
    if type(headers) is not dict:
        return False
    for name, value in headers.items():
        if type(name) is not str or type(value) is not str or name.lower() in _SPECIAL:
            return False
        if not value.isascii() or not value.isprintable():
            return False
    return len(headers) == 1 or len({name.lower() for name in headers}) == len(headers)
