"""A Flask application context while a module that uses Flask is loaded, and for no other."""

from __future__ import annotations

import importlib.machinery
import re
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from functions_framework.hosts.flask_app import FunctionApp

_IMPORTS_FLASK = re.compile(rb"^\s*(?:from|import)\s+flask\b", re.MULTILINE)


class FlaskContext:
    """Gives a module that uses Flask an application context while it is loaded.

    Importing Flask takes longer than everything else a CloudEvent function needs, so the app is
    made when the module imports Flask, and never for one that does not.

    Attributes:
        app: the application, None while nobody has asked for one.
    """

    def __init__(self, *, is_debugging: bool = False) -> None:
        self._stack = ExitStack()
        self._is_debugging = is_debugging
        self.source = Path()
        self.app: FunctionApp | None = None

    @contextmanager
    def around(self, source: Path) -> Iterator[None]:
        """Watch for the import while a source file is loaded; leaves the context at the end."""
        self.source = source
        with self._stack:
            if "flask" in sys.modules:
                self._enter()
            else:
                finder = _FlaskFinder(self._enter)
                sys.meta_path.insert(0, finder)
                self._stack.callback(finder.remove)
            yield

    def _enter(self) -> None:
        self._stack.enter_context(self.get().app_context())

    def get(self) -> FunctionApp:
        """The application, made now if there is none yet."""
        if self.app is None:
            from functions_framework.hosts.flask_app import FunctionApp

            self.app = FunctionApp(self.source.stem, self.source.parent)
            if self._is_debugging:
                self.app.debug = True
                # What a crash is answered with is decided around the app, see `debug_hosts`.
                self.app.config["PROPAGATE_EXCEPTIONS"] = False
        return self.app


class _FlaskFinder:
    """Calls back right after Flask was imported for the first time."""

    def __init__(self, imported: Any) -> None:
        self._imported = imported

    def remove(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name: str, *_: Any) -> importlib.machinery.ModuleSpec | None:
        """Find Flask as everybody else would, with the call added to its execution."""
        if name != "flask":
            return None
        self.remove()
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_call(module: ModuleType) -> None:
            execute(module)
            self._imported()

        spec.loader.exec_module = execute_and_call  # type: ignore[method-assign]
        return spec


def uses_flask(source: Path) -> bool:
    """Whether a source imports Flask, inside a function perhaps."""
    return _IMPORTS_FLASK.search(source.read_bytes()) is not None
