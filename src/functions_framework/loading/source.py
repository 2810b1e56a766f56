"""Where the user's source is, under which module name it runs, and running it.

What a target is and which environment variables a load writes is `loading`'s business.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import MissingSourceException
from functions_framework.runtime.escaping import own_logger

from .standard_names import keep_standard_names

if TYPE_CHECKING:
    from types import ModuleType

DEFAULT_NAMES = ("main.py", "src/main.py")

# Directories of the sources this process ran: their modules may be replaced by a later source's.
_run_directories: set[Path] = set()


def locate(given: str | os.PathLike[str] | None = None) -> Path:
    """Find the source file, symlinks resolved.

    Args:
        given: a file, or a directory (its `main.py`, else its `src/main.py`), relative to the
            working directory; None or empty text is the working directory.

    Raises:
        MissingSourceException: there is no such file, or it is no Python source.
    """
    path = Path(os.fsdecode(given)) if given and os.fsdecode(given) else Path.cwd()
    try:
        if path.is_dir():
            path = _main_of(path)
        elif not path.exists():
            raise MissingSourceException(_describe_missing(path))
        if path.suffix != ".py" or not path.is_file():
            raise MissingSourceException(
                f"File {path} that is expected to define function is no Python source. "
                "Pass a file whose name ends in .py, or a directory, to --source."
            )
        return path.resolve()
    except OSError as error:
        raise MissingSourceException(
            f"File {path} that is expected to define function cannot be read: {error.strerror}."
        ) from None


def locate_module(name: str, given: str | os.PathLike[str] | None = None) -> Path:
    """Find the file of a module named in a target such as `package.module:function`.

    Args:
        name: the dotted name.
        given: the directory it is looked up in first, the working directory when omitted.

    Raises:
        MissingSourceException: there is no such module.
    """
    relative = Path(*name.split("."))
    directory = Path(given or ".")
    for path in (directory / relative.with_suffix(".py"), directory / relative / "__init__.py"):
        if path.is_file():
            return path.resolve()
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        spec = None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        raise MissingSourceException(
            f"No module {name!r} in {directory.resolve()} nor among the installed packages."
        )
    return Path(spec.origin).resolve()


def _main_of(directory: Path) -> Path:
    for name in DEFAULT_NAMES:
        if (directory / name).exists():
            return directory / name
    raise MissingSourceException(_describe_missing(directory / DEFAULT_NAMES[0]))


def _describe_missing(path: Path) -> str:
    message = f"File {path} that is expected to define function doesn't exist"
    found = sorted(item.name for item in path.parent.glob("*.py")) if path.parent.is_dir() else []
    if found:
        shown = ", ".join(found[:8]) + (", …" if len(found) > 8 else "")
        return f"{message}. {path.parent} holds: {shown}. Pick one with --source."
    return f"{message}. Pass the file or its directory with --source or FUNCTION_SOURCE."


class Place(NamedTuple):
    """Where a source stands among modules.

    Attributes:
        name: the name its module gets.
        package: the package it is a module of, empty for none.
        top: the directory of the outermost package around it, None for none.
        displaced: the name it would have had, were that not another module's; empty otherwise.
    """

    name: str
    package: str = ""
    top: Path | None = None
    displaced: str = ""


def place_of(path: Path) -> Place:
    """Choose the module name of a source: its package's where it is in one, else its own.

    A name that the standard library, an installed package or another imported module owns is
    left to its owner.
    """
    names: list[str] = []
    directory = path.parent
    while (directory / "__init__.py").is_file() and directory.name.isidentifier():
        names.insert(0, directory.name)
        directory = directory.parent
    stem = path.stem.replace(".", "_")
    if names and not _is_taken(names[0], directory / names[0] / "__init__.py"):
        dotted = names if stem == "__init__" else [*names, stem]
        return Place(".".join(dotted), ".".join(dotted[:-1]), directory / names[0])
    if names:
        _warn(
            f"The directory {path.parent} has an __init__.py, but a package named {names[0]!r} "
            f"exists elsewhere: {path.name} is loaded on its own. Rename one of them to use "
            f"{names[0]!r} as a package."
        )
    if not _is_taken(stem, path):
        return Place(stem)
    name = next(
        name
        for number in count(1)
        if not _is_taken(name := f"{stem}_function{number if number > 1 else ''}", path)
    )
    _warn(
        f"The source {path} has the name of another module, {stem!r}: it is loaded as {name!r}, "
        f"and 'import {stem}' still gives the other one. Rename the file to end this."
    )
    return Place(name, displaced=stem)


def _is_taken(name: str, own_file: Path) -> bool:
    """Whether a top-level module name belongs to something that is no source of ours."""
    if name in sys.stdlib_module_names:
        return True
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return not (file and (_is_same(file, own_file) or _is_of_earlier_source(file)))
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() != own_file.parent]
    found = PathFinder.find_spec(name, elsewhere)
    return bool(found and found.origin and _is_installed(found.origin))


def _is_same(file: str, path: Path) -> bool:
    return Path(file).resolve() == path


def _is_installed(file: str) -> bool:
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)


def _is_of_earlier_source(file: str) -> bool:
    path = Path(file).resolve()
    return not _is_installed(file) and any(map(path.is_relative_to, _run_directories))


def run(path: Path) -> ModuleType:
    """Run a source (as `locate` returned it) as a module and return that module.

    The source's directory comes first on `sys.path`, as for `python main.py`, and before it
    only the standard library's names; its outermost package's parent comes next. The module is
    in `sys.modules` before it runs. Outside of packages it behaves like one whose search path is
    its own directory, so that `from .sibling import x` works beside `from sibling import x`.

    Raises:
        BaseException: whatever the source raises, unchanged.
    """
    place = place_of(path)
    directories = [path.parent]
    if place.top:
        directories.append(place.top.parent)
    names = {entry.name.partition(".")[0] for item in directories for entry in item.iterdir()}
    _forget_earlier_sources(names - sys.stdlib_module_names, directories)
    _run_directories.update((path.parent, place.top or path.parent))
    _put_on_path(directories)
    keep_standard_names(directories, names, place.displaced)
    importlib.invalidate_caches()  # the source may have been written a moment ago
    return _execute(path, place)


def _put_on_path(directories: list[Path]) -> None:
    first = list(dict.fromkeys(map(str, directories)))
    sys.path[:] = first + [entry for entry in sys.path if entry not in first]


def _forget_earlier_sources(names: set[str], directories: list[Path]) -> None:
    """Drop modules of other sources that hide files of this one (`helper` beside each of two)."""
    for name in names:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and _is_of_earlier_source(file):
            path = Path(file).resolve()
            home = path.parent.parent if path.name == "__init__.py" else path.parent
            if home not in directories:
                _forget(name)


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if f"{known}.".startswith(f"{name}.")]:
        del sys.modules[known]


def _execute(path: Path, place: Place) -> ModuleType:
    _forget(place.name)
    if place.package:
        parent = importlib.import_module(place.package)
        if place.name in sys.modules:  # the package's own __init__.py imported it
            return sys.modules[place.name]
    is_package = place.top is None or path.stem == "__init__"
    search = [str(path.parent)] if is_package else None
    spec = spec_from_file_location(place.name, path, submodule_search_locations=search)
    if spec is None or spec.loader is None:
        raise MissingSourceException(f"File {path} cannot be loaded as Python source.")
    module = module_from_spec(spec)
    entries = [place.name]
    if place.package and not _is_taken(path.stem, path):
        entries.append(path.stem)  # a sibling's `import main` must not run it again
    sys.modules.update(dict.fromkeys(entries, module))
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for name in entries:
            sys.modules.pop(name, None)
        raise
    if place.package:
        setattr(parent, place.name.rpartition(".")[2], module)
    return sys.modules.get(place.name, module)


def _warn(message: str) -> None:
    own_logger("functions_framework").warning(message)
