"""The Flask application around functions, made when something first needs one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import flask
    from flask.json.provider import JSONProvider
    from werkzeug.routing import Rule

    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Reply


class App(Protocol):
    """What is asked of the application: of Flask's, and of ours below it."""

    config: flask.Config
    json: JSONProvider

    @property
    def debug(self) -> bool:
        """Whether it shows its crashes; Flask's, as the next two."""

    def finalize_request(self, rv: Any, /) -> flask.Response:
        """The response to what a function returned."""

    def handle_exception(self, e: Exception, /) -> flask.Response:
        """The response to what nothing else handles."""

    def rule_of(self, path: str) -> Rule:
        """The catch-all route that a path takes."""

    def is_lean(self) -> bool:
        """Whether nothing that Flask would do with a request can be seen."""

    def full_reply(self, environ: Environ) -> Reply:
        """Answer one request of the server as Flask does."""

    def error_response(self, error: Exception) -> flask.Response:
        """The response to what a function raised, as Flask's handlers decide."""


class LateApp:
    """Has an application made, once.

    Args:
        make: makes it, given this.

    Attributes:
        made: the application, None while nothing has needed one.
    """

    def __init__(self, make: Callable[[Any], App]) -> None:
        self.made: App | None = None
        self._make = make
        self._making = threading.Lock()

    @property
    def app(self) -> App:
        """The application, made now if there is none yet."""
        if self.made is None:
            # Before the lock: who runs Flask has the application made there and then.
            from flask import Flask  # noqa: F401

            with self._making:
                if self.made is None:
                    self.made = self._make(self)
        return self.made
