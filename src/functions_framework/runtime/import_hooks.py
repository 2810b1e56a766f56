"""Doing something to a module when it is imported, so that nobody imports it just for that."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

from .unrun_packages import has_run, when_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType


def on_import(name: str, then: Callable[[ModuleType], None]) -> Callable[[], None]:
    """Call `then` with a module once it has run: now if it has, else when somebody imports it.

    Returns:
        What is called to wait no longer.
    """
    finder = _Finder(name, then)
    loaded = sys.modules.get(name)
    if loaded is None:
        sys.meta_path.insert(0, finder)
    elif not has_run(name):
        return when_run(name, then)
    else:
        then(loaded)
    return finder.remove


class _Finder:
    """Finds one module, once; implements `importlib.abc.MetaPathFinder`."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name = name
        self._then = then

    def remove(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        self.remove()
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)  # type: ignore[assignment]
        return spec


class _Loader:
    """Loads as another does, which is the module's again in the end."""

    def __init__(self, loader: Loader, then: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._then(module)
