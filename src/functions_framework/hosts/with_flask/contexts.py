"""Flask's two contexts as the lean way sets them, their parts made when they are asked for.

This file and `app` are the only ones that touch Flask's private names (the two context variables,
the contexts' fields); `tests/hosts/test_lean_and_full.py` fails when one of them moves.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request

if TYPE_CHECKING:
    import flask
    from flask.sessions import SessionMixin

    from functions_framework.model.interfaces import Environ

    from .late_app import LateApp

APP_CONTEXT = _cv_app
REQUEST_CONTEXT = _cv_request


class LeanAppContext(AppContext):
    """Flask's app context.

    Attributes:
        late: gives the application. Each host has classes of its own below these two.
    """

    late: LateApp
    # Not Flask's, which makes all parts. The one of C takes half the time of one in Python.
    __init__ = object.__init__

    @cached_property
    def app(self) -> Any:  # type: ignore[override]
        """The application."""
        return self.late.app

    @cached_property
    def _cv_tokens(self) -> list[Any]:  # type: ignore[override]
        return []

    @cached_property
    def g(self) -> Any:  # type: ignore[override]
        """The per-call namespace."""
        return self.app.app_ctx_globals_class()

    @property
    def url_adapter(self) -> Any:  # type: ignore[override]
        """Builds URLs outside a request."""
        return self.app.create_url_adapter(None)


class LeanRequestContext(RequestContext):
    """Flask's request context.

    Attributes:
        late: see `LeanAppContext`.
    """

    late: LateApp
    flashes = None
    opened_session: SessionMixin | None = None
    tokens: list[Any] | None = None

    def __init__(
        self,
        app: flask.Flask,
        environ: Environ,  # noqa: ARG002 - the request has it
        request: flask.Request,
        session: SessionMixin | None = None,
    ) -> None:
        """Be a copy of a context: the only ones made this way, as `RequestContext.copy` does."""
        self.app = app
        self.request = request
        if session is not None:
            self.opened_session = session
        self._after_request_functions = []

    @cached_property
    def app(self) -> Any:  # type: ignore[override]
        """The application."""
        return self.late.app

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
    def url_adapter(self) -> Any:  # type: ignore[override]
        """Matches and builds URLs of this request."""
        return self.app.create_url_adapter(self.request)

    @property
    def _session(self) -> SessionMixin | None:  # type: ignore[override]
        if self.opened_session is None:
            interface = self.app.session_interface
            opened = interface.open_session(self.app, self.request)
            # One that is empty is one.
            if opened is None:
                opened = interface.make_null_session(self.app)
            self.opened_session = opened
        return self.opened_session

    if not hasattr(RequestContext, "session"):  # it was a field of the context before Flask 3.1.3

        @property
        def session(self) -> SessionMixin | None:  # type: ignore[override]
            """The session of this request."""
            return self._session
