"""Loads a source into a world of its own: its modules, its search path, its environment.

The world is there while the source runs or is called and nowhere else, so that two sources of the
same name live side by side and a test finds the interpreter as it left it. Libraries the source
imports stay imported, as for anybody else. A process has one `sys.modules` and one environment:
while calls into two worlds overlap, what both name is what the later one has.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from functions_framework.api import registrations
from functions_framework.api.registrations import Registrations
from functions_framework.loading import source, standard_names

from .overlays import Layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import ModuleType

T = TypeVar("T")

_INSTALLED = frozenset({"site-packages", "dist-packages"})
# Modules that run or configure the tests, packages of them, and this process's own.
_IS_TEST = re.compile(r"conftest|tests?|test_.*|.*_tests?|__.*__")
_guard = threading.RLock()
_environs: Layers[str] = Layers(os.environ)
_modules: Layers[ModuleType] = Layers(sys.modules)


class World:
    """What one source finds around it.

    Args:
        environ: variables it sees; None takes one away.

    Attributes:
        environ: these, and what loading the source set.
        modules: its own modules by name; None for a name that was another's.
        path: its own entries of `sys.path` that come before those of others.
        registered: what its modules registered.
    """

    def __init__(self, environ: Mapping[str, str | None] | None = None) -> None:
        self.environ: dict[str, str | None] = dict(environ or {})
        self.modules: dict[str, ModuleType | None] = {}
        self.path: list[str] = []
        self._last: list[str] = []
        self.registered = Registrations()
        self._directories: tuple[Path, ...] = ()
        self._finder: Any = None
        self._entered = 0
        self._seen: tuple[dict[str, str], set[str]] = ({}, set())

    def load(self, path: Path, run: Callable[[], T]) -> T:
        """Run what loads a source, keep what it left in the interpreter, and put that back.

        Args:
            path: the source, as `source.locate` returned it.
            run: loads it.

        Raises:
            BaseException: whatever loading raises, unchanged.
        """
        top = _outermost_package(path)
        self._directories = (path.parent, top)
        hiding = _Hiding(self._directories)
        with _guard, self._search_state_kept(), apart(self.registered):
            self.modules.update(dict.fromkeys(filter(hiding.is_hidden, list(sys.modules))))
            with self.entered():
                return run()

    @contextmanager
    def _search_state_kept(self) -> Iterator[None]:
        """Restore the search path and its finder; its first entry and the new ones are ours."""
        path, finder = sys.path[:], standard_names._FINDER  # noqa: SLF001 - lent for a load
        ran = source._run_directories  # noqa: SLF001
        directories, names, known = set(finder.directories), set(finder.names), set(ran)
        is_known = finder in sys.meta_path
        ran.clear()
        try:
            yield
        finally:
            first = [*sys.path[:1], *takewhile(lambda entry: entry not in path, sys.path[1:])]
            self.path = first
            self._last = [entry for entry in sys.path if entry not in {*path, *first}]
            sys.path[:] = path
            if finder.names - names:
                self._finder = type(finder)()
                self._finder.directories = set(finder.directories)
                self._finder.names = set(finder.names)
            if not is_known and finder in sys.meta_path:
                sys.meta_path.remove(finder)
            finder.directories, finder.names = directories, names
            ran.clear()
            ran.update(known)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be in this world inside the block; several threads and tasks may be at once."""
        with _guard:
            self._entered += 1
            if self._entered == 1:
                self._put()
        try:
            yield
        finally:
            with _guard:
                self._entered -= 1
                if self._entered == 0:
                    self._take()

    def module_of(self, path: Path) -> ModuleType | None:
        """The module that was loaded from a file."""
        for module in self.modules.values():
            if module is not None and getattr(module, "__file__", None) == str(path):
                return module
        return None

    def _put(self) -> None:
        _environs.put(self.environ)
        _modules.put(self.modules)
        sys.path[:] = [*self.path, *sys.path, *self._last]
        if self._finder is not None:
            sys.meta_path.insert(0, self._finder)
        self._seen = dict(os.environ), set(sys.modules)

    def _take(self) -> None:
        self._keep_changes()
        if self._finder is not None and self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        for entry in (*self.path, *self._last):
            if entry in sys.path:
                sys.path.remove(entry)
        _modules.take(self.modules)
        _environs.take(self.environ)

    def _keep_changes(self) -> None:
        """Take over what our code changed: modules it imported, variables it set."""
        environ, known = self._seen
        for name in (set(sys.modules) - known) | (self.modules.keys() & sys.modules.keys()):
            if self._is_own(sys.modules[name]):
                _modules.adopt(self.modules, name)
        if len(_environs) > 1:  # whose change it was cannot be told
            return
        for name in environ.keys() | os.environ.keys():
            if environ.get(name) != os.environ.get(name):
                _environs.adopt(self.environ, name, environ.get(name))

    def _is_own(self, module: ModuleType) -> bool:
        location = _location_of(module)
        return location is not None and any(map(location.is_relative_to, self._directories))


class _Hiding:
    """Tells which modules that others imported must not be taken for a source's own.

    Those of the tests stay: what a test gives to the source may import them, or look itself up.
    """

    def __init__(self, directories: tuple[Path, Path]) -> None:
        own, top = directories
        names = {item.name.partition(".")[0] for item in own.iterdir()}
        self._names = {name for name in names if not _IS_TEST.fullmatch(name)} | {top.name}
        self._directories = directories

    def is_hidden(self, name: str) -> bool:
        """Whether a module has the name of one of the source's and is not installed."""
        top = name.partition(".")[0]
        module = sys.modules.get(name)
        if top not in self._names or top in sys.stdlib_module_names or module is None:
            return False
        location = _location_of(module)
        return location is not None and not _is_of_tests(location, self._directories)


@contextmanager
def apart(own: Registrations) -> Iterator[None]:
    """Let what is registered inside go to `own`, and leave the records of others as they are."""
    before, registrations._pending = registrations._pending, own  # noqa: SLF001 - lent for a load
    try:
        yield
    finally:
        registrations._pending = before  # noqa: SLF001


def _is_of_tests(location: Path, directories: tuple[Path, ...]) -> bool:
    """Whether a module belongs to tests in a source's directories, by its place below them."""
    for directory in directories:
        if location.is_relative_to(directory):
            parts = location.relative_to(directory).with_suffix("").parts
            return any(_IS_TEST.fullmatch(part) for part in parts if part != "__init__")
    return False


def _outermost_package(path: Path) -> Path:
    directory = path.parent
    while (directory / "__init__.py").is_file() and (
        (directory.parent / "__init__.py").is_file() and directory.parent.name.isidentifier()
    ):
        directory = directory.parent
    return directory


def _location_of(module: ModuleType) -> Path | None:
    """Where a module of somebody's own source is; None for installed and built-in ones."""
    file = source.file_of(module)
    if file is None:
        return None
    path = Path(file)
    return None if not _INSTALLED.isdisjoint(path.parts) else path.resolve()
