"""Whether an app's requests may go the lean way: nothing that Flask would do can be seen."""

from __future__ import annotations

import flask
from flask.ctx import AppContext, RequestContext
from flask.sessions import SecureCookieSessionInterface

from ..instrumented import are_replaced
from .disturbed import has_listeners
from .request import FunctionRequest, are_flasks_own

_HOOKS = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_value_preprocessors",
)
_FLASK = flask.Flask
METHODS = frozenset(name for name in dir(_FLASK) if callable(getattr(_FLASK, name)))


def is_watched(app: flask.Flask) -> bool:
    """Whether somebody has put code into what Flask does with each request of an app."""
    return (
        not METHODS.isdisjoint(vars(app))
        or has_listeners()
        or are_replaced((*type(app).__bases__, RequestContext, AppContext), "flask")
    )


def is_plain(app: flask.Flask, *, has_own_routes: bool) -> bool:
    """Whether neither the module nor anybody else has put something into Flask's dispatch.

    Args:
        app: asked at its first request; Flask itself takes no more hooks or routes from then on.
        has_own_routes: whether it has other routes than the functions'.
    """
    has_hooks = any(any(getattr(app, name).values()) for name in _HOOKS)
    return not (
        has_hooks
        or app.teardown_appcontext_funcs
        or has_own_routes
        or app.blueprints
        or app.secret_key
        or type(app.session_interface) is not SecureCookieSessionInterface
        or app.request_class is not FunctionRequest
        or app.response_class is not flask.Response
        or app.debug
        or app.config.get("TRUSTED_HOSTS")  # since Flask 3.1
        or is_watched(app)
        or not are_flasks_own()
    )
