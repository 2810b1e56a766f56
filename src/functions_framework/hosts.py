"""Chooses the host that serves a function and builds it; the one place that knows them all."""

from __future__ import annotations

import importlib.machinery
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from . import loading
from .errors import ErrorHandlers
from .function import Function, Signature
from .layers import wrap
from .registrations import Registrations, take

if TYPE_CHECKING:
    from .asgi_host import ASGIHost
    from .event_host import EventHost
    from .flask_app import FunctionApp
    from .settings import Settings

    Host = ASGIHost | EventHost | FunctionApp

_IMPORTS_FLASK = re.compile(rb"^\s*(?:from|import)\s+flask\b", re.MULTILINE)


class FlaskContext:
    """Gives a module that uses Flask an application context while it is loaded.

    Importing Flask takes longer than everything else a CloudEvent function needs, so the app is
    made when the module imports Flask, and never for one that does not.

    Attributes:
        app: the application, None while nobody has asked for one.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
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
                sys.meta_path.insert(0, finder)  # type: ignore[arg-type]
                self._stack.callback(finder.remove)
            yield

    def _enter(self) -> None:
        self._stack.enter_context(self.get().app_context())

    def get(self) -> FunctionApp:
        """The application, made now if there is none yet."""
        if self.app is None:
            from .flask_app import FunctionApp

            self.app = FunctionApp(self.source.stem, self.source.parent)
        return self.app


class _FlaskFinder:
    """Calls back right after Flask was imported for the first time."""

    def __init__(self, imported: Any) -> None:
        self._imported = imported

    def remove(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)  # type: ignore[arg-type]

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


def build(functions: Sequence[Function], context: FlaskContext, threads: int) -> Host:
    """Build the host for functions that were just loaded, with what their module registered."""
    registered = take()
    wrapped = [wrap(function, registered.middleware) for function in functions]
    plain = [function for function in wrapped if not function.is_asgi]
    if len(plain) == len(wrapped):
        return _sync_host(plain, context, registered)
    from .asgi_host import ASGIHost

    bridged = (_sync_host(plain, context, registered), plain) if plain else None
    on_loop = [function for function in wrapped if function.is_asgi]
    return ASGIHost(on_loop, ErrorHandlers(registered.error_handlers), threads, bridged)


def _sync_host(
    functions: list[Function], context: FlaskContext, registered: Registrations
) -> EventHost | FunctionApp:
    takes_request = any(function.signature is Signature.HTTP for function in functions)
    if takes_request or context.app or uses_flask(context.source):
        app = context.get()
        app.serve(functions, registered)
        return app
    from .event_host import EventHost

    return EventHost(functions, ErrorHandlers(registered.error_handlers))


def flask_app(function: Function, context: FlaskContext) -> FunctionApp:
    """Build the Flask application around a sync function."""
    app = context.get()
    registered = take()
    app.serve([wrap(function, registered.middleware)], registered)
    return app


def asgi_host(functions: Sequence[Function], threads: int = 128) -> ASGIHost:
    """Build the host that serves functions of either kind from an event loop."""
    from .asgi_host import ASGIHost

    registered = take()
    wrapped = [wrap(function, registered.middleware) for function in functions]
    return ASGIHost(wrapped, ErrorHandlers(registered.error_handlers), threads)


def load(settings: Settings) -> tuple[list[Function], Host]:
    """Load what the settings name and build its host: what a worker does first.

    Raises:
        FunctionsFrameworkException: the settings name nothing that can be served.
        BaseException: whatever the user's module raises, unchanged.
    """
    context = FlaskContext()
    functions = loading.load(settings, around=context.around)
    return functions, build(functions, context, settings.threads)
