"""Importing modules of a package that itself runs when somebody first asks for it.

`import flask.wrappers` runs `flask/__init__.py` before it, and with it all of Flask, which takes
longer than the module. Inside `packages_unrun` it doesn't; afterwards the first `import flask` of
anybody, and the first look at anything in it or in a module of it, runs the package as if it hadn't
been imported yet. The mechanism is that of `importlib.util.LazyLoader`, but under the locks of
imports.
"""

from __future__ import annotations

import builtins
import sys
import threading
from contextlib import ExitStack, contextmanager
from importlib._bootstrap import (  # type: ignore[attr-defined]
    _DeadlockError,
    _ModuleLockManager,
)
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder
from importlib.util import find_spec, module_from_spec
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What running doesn't change. Programs that go through `sys.modules` ask each module for these, not
# always over a copy of it, and a package that runs adds modules there.
_KNOWN = frozenset({"__cached__", "__file__", "__loader__", "__name__", "__package__"})
# What the machinery of imports asks a package for while it holds the lock of a module below. Who
# runs the package may want that one: these questions don't wait for it.
_ASKED_BELOW = frozenset({"__path__", "__spec__"})
_LOADERS = frozenset({"_frozen_importlib_external", "zipimport"})
_FINDERS = (BuiltinImporter, FrozenImporter, PathFinder)
# Who sees a package as it is, by thread: whoever runs it or imports modules below it.
_exempt: set[tuple[int, str]] = set()
# The packages that somebody runs just now, or imports modules below.
_running: set[str] = set()
# What is called with a package once it has run.
_waiting: dict[str, list[Callable[[ModuleType], None]]] = {}

unseen: dict[str, ModuleType] = {}
"""The packages that nobody has seen anything of yet, neither of them nor of their modules."""


class UnrunModule(ModuleType):
    """A package that runs when anything is asked of it, or a module below such a package."""

    def __getattribute__(self, name: str) -> Any:
        """Run the package, which is an ordinary module from then on; then what is asked for.

        Raises:
            AttributeError: the module has no such name.
            BaseException: what the package raises; it runs anew when it is asked again.
        """
        own = super().__getattribute__
        if name not in _KNOWN:
            _look(self, name)
        return own(name)

    def __setattr__(self, name: str, value: object) -> None:
        """Set a name after the run, which would set it again; imports set modules meanwhile."""
        set_own = super().__setattr__
        _look(self, "__path__")
        set_own(name, value)

    def __delattr__(self, name: str) -> None:
        """Delete a name that the run has set."""
        delete_own = super().__delattr__
        _look(self, "__path__")
        delete_own(name)


class UnrunPackage(UnrunModule):
    """The package itself."""


def _look(module: UnrunModule, name: str) -> None:
    """Run the package of a module unless this thread runs it, or knows that it hasn't run."""
    own = module.__name__
    is_package = type(module) is UnrunPackage
    # None where the package has been imported anew.
    below = (item for item in [*unseen] if own.startswith(f"{item}."))
    package = own if is_package else next(below, "")
    if (threading.get_ident(), package) in _exempt:
        return
    # A module below is whole while somebody runs the package.
    if package in _running and (name in _ASKED_BELOW or not is_package):
        return
    unrun = module if is_package else unseen.get(package)
    if not is_package and sys.modules.get(package) is not unrun:
        _be_seen(package)  # somebody has taken it away, or put another one there
    elif type(unrun) is UnrunPackage:
        _run(unrun, package)


def _run(unrun: UnrunPackage, package: str) -> None:
    with _lock_of(package):
        if type(unrun) is UnrunPackage and package not in _running:
            with _run_by_this_thread(package):
                unrun.__spec__.loader.exec_module(unrun)  # type: ignore[union-attr]
                for then in _waiting.get(package, ()):
                    then(unrun)
                unrun.__class__ = ModuleType  # type: ignore[assignment]
                _be_seen(package)


def _be_seen(package: str) -> None:
    """Let the modules below a package be ordinary ones."""
    for module in _below(package):
        if type(module) is UnrunModule:
            ModuleType.__setattr__(module, "__class__", ModuleType)
    unseen.pop(package, None)
    _waiting.pop(package, None)


@contextmanager
def _lock_of(package: str) -> Iterator[None]:
    """Hold the interpreter's own lock of a module, as an import does.

    Its locks know of each other: of two threads that wait for what the other one imports, one goes
    on and sees a package that is not done.
    """
    lock = _ModuleLockManager(package)
    try:
        lock.__enter__()
    except _DeadlockError:
        yield
        return
    try:
        yield
    finally:
        lock.__exit__()


@contextmanager
def _run_by_this_thread(package: str) -> Iterator[None]:
    who = (threading.get_ident(), package)
    _running.add(package)
    _exempt.add(who)
    try:
        yield
    finally:
        _running.discard(package)
        _exempt.discard(who)


@contextmanager
def packages_unrun(*names: str) -> Iterator[None]:
    """Import modules of some packages inside, in this thread, without running the packages.

    Another thread that imports one of them is waited for, or waits until the end.

    Args:
        names: the packages, each before those it imports. One that has been imported already stays
            as it is. Where one is loaded by somebody else than the interpreter, who may wait for
            it, they run.
    """
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(_lock_of(name))
        specs = {name: find_spec(name) for name in names if name not in sys.modules}
        found = {name: spec for name, spec in specs.items() if spec is not None}
        # One of them that runs needs the others.
        if all(type(spec.loader).__module__ in _LOADERS for spec in found.values()):
            for name, spec in found.items():
                _put(name, module_from_spec(spec))
            for name in names:
                stack.enter_context(_run_by_this_thread(name))
        yield
    for module in _below(*unseen):
        if type(module) is ModuleType:
            module.__class__ = UnrunModule


def _put(name: str, package: ModuleType) -> None:
    package.__class__ = UnrunPackage
    parent, _, last = name.rpartition(".")
    sys.modules[name] = unseen[name] = package
    if parent:
        setattr(sys.modules[parent], last, package)


def _below(*packages: str) -> list[ModuleType]:
    """The modules of some packages that have been imported."""
    beginnings = tuple(f"{package}." for package in packages)
    names = [name for name in [*sys.modules] if name.startswith(beginnings)]
    return [sys.modules[name] for name in names]


def has_run(name: str) -> bool:
    """Whether somebody has imported a module, and not only modules of it as above."""
    return name in sys.modules and not issubclass(type(sys.modules[name]), UnrunModule)


def when_run(name: str, then: Callable[[ModuleType], None]) -> Callable[[], None]:
    """Call `then` with a package that hasn't run once it has, before anybody else sees it.

    Returns:
        What is called to wait no longer.
    """
    _waiting.setdefault(name, []).append(then)

    def forget() -> None:
        if then in _waiting.get(name, ()):
            _waiting[name].remove(then)

    return forget


def is_awaited(*names: str) -> bool:
    """Whether somebody has a finder that knows some modules, or has replaced `import`.

    Such a finder waits for the import, as those of agents do: the module has to be imported then.
    """
    finders = [item for item in sys.meta_path if item not in _FINDERS and not _is_ours(item)]
    return type(builtins.__import__) is not BuiltinFunctionType or any(
        find(name, None) is not None
        for find in (getattr(item, "find_spec", None) for item in finders)
        if find is not None
        for name in names
    )


def _is_ours(finder: object) -> bool:
    return type(finder).__module__.startswith(f"{__name__.partition('.')[0]}.")
