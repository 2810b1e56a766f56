"""A Flask application context while a module that uses Flask is loaded, and for no other."""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.runtime.import_hooks import on_import

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from .app import FunctionApp

_IMPORTS_FLASK = re.compile(rb"^\s*(?:from|import)\s+flask\b", re.MULTILINE)


class FlaskContext:
    """Gives a module that uses Flask an application context while it is loaded.

    Importing Flask takes longer than everything else a CloudEvent function needs, so the app is
    made when the module imports Flask, and never for one that does not.

    Attributes:
        app: the application, None while nobody has asked for one.
        is_debugging: whether the application shows its crashes.
    """

    def __init__(self, *, is_debugging: bool = False) -> None:
        self._stack = ExitStack()
        self.is_debugging = is_debugging
        self.source = Path()
        self.app: FunctionApp | None = None

    @contextmanager
    def around(self, source: Path) -> Iterator[None]:
        """Watch for the import while a source file is loaded; leaves the context at the end."""
        self.source = source
        self._thread = threading.get_ident()
        with self._stack:
            self._stack.callback(on_import("flask", self._enter))
            yield

    def _enter(self, _flask: ModuleType) -> None:
        app = self.get()
        # A thread of the source's may import Flask: its context isn't this one's to leave.
        if threading.get_ident() == self._thread:
            self._stack.enter_context(app.app_context())

    def get(self) -> FunctionApp:
        """The application, made now if there is none yet."""
        if self.app is None:
            # Before the lock of that module is taken: who runs Flask needs it.
            from flask import Flask  # noqa: F401

            from .app import FunctionApp

            self.app = FunctionApp(self.source.stem, self.source.parent)
            if self.is_debugging:
                self.app.debug = True
                # What a crash is answered with is decided around the app, see `debug_hosts`.
                self.app.config["PROPAGATE_EXCEPTIONS"] = False
        return self.app


def uses_flask(source: Path) -> bool:
    """Whether a source imports Flask, inside a function perhaps."""
    return _IMPORTS_FLASK.search(source.read_bytes()) is not None
