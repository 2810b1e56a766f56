"""Where the user's source is, under which module name it runs, and running it.

What a target is and which environment variables a load writes is `loading`'s business.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.exceptions import MissingSourceException
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.values import NamedTuple

from .byte_code import none_of_young_sources
from .missing_files import missing_source
from .packages import needs_package, packages_around, spec_in_package
from .standard_names import keep_standard_names

if TYPE_CHECKING:
    from types import ModuleType

DEFAULT_NAMES = ("main.py", "src/main.py")

# Directories of the sources this process ran: their modules may be replaced by a later source's.
_run_directories: set[Path] = set()


def locate(given: str | os.PathLike[str] | None = None) -> Path:
    """Find the source file, symlinks resolved; arguments and errors as of `find`."""
    return find(given).resolve()


def find(given: str | os.PathLike[str] | None = None) -> Path:
    """Find the source file, links left as they are.

    Args:
        given: a file, or a directory (its `main.py`, else its `src/main.py`), relative to the
            working directory; None or empty text is the working directory.

    Raises:
        MissingSourceException: there is no such file, or it isn't a Python source.
    """
    path = Path(os.fsdecode(given or "") or ".")
    try:
        path = path if given else Path.cwd()
        if path.is_dir():
            path = _main_of(path)
        elif not path.exists():
            raise MissingSourceException(missing_source(path))
        if path.suffix != ".py" or not path.is_file():
            raise MissingSourceException(
                f"File {path} that is expected to define function isn't a Python source. "
                "Pass a file whose name ends in .py, or a directory, to --source."
            )
        path.open("rb").close()
        return Path(os.path.abspath(path))  # noqa: PTH100 - what links lead to may change
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
            f"No module {name!r} in {directory.resolve()} nor among the installed packages. "
            "A module is named from that directory on; --source names another."
        )
    return Path(spec.origin).resolve()


def _main_of(directory: Path) -> Path:
    for name in DEFAULT_NAMES:
        if (directory / name).exists():
            return directory / name
    raise MissingSourceException(missing_source(directory / DEFAULT_NAMES[0]))


class Place(NamedTuple):
    """Where a source stands among modules.

    Attributes:
        name: the name its module gets.
        package: the package its relative imports start from, empty for its own directory.
        top: the directory of the outermost package around it, None for none.
        is_dotted: whether it was asked for as a module of that package, by a dotted name.
        displaced: the name it would have had, were that not another module's; empty otherwise.
    """

    name: str
    package: str = ""
    top: Path | None = None
    is_dotted: bool = False
    displaced: str = ""


def place_of(path: Path, module: str = "") -> Place:
    """Choose the module name of a source: its file's, as if it stood alone.

    A module that was asked for by its dotted name has that name. A name that the standard library,
    an installed package or another imported module owns is left to its owner.

    Args:
        path: the source.
        module: what it is called by a target such as `package.module:function`, else empty.
    """
    names, top = packages_around(path, module)
    is_dotted = bool(module) or path.stem == "__init__"
    package = ".".join(names)
    is_taken = bool(names) and _is_taken(names[0], top / "__init__.py", also_sources=not is_dotted)
    if names and (is_dotted or needs_package(path, by_name=not is_taken)):
        if is_taken:
            _warn(
                f"The directory {path.parent} has an __init__.py, but a package named {names[0]!r} "
                f"exists elsewhere: {path.name} is loaded on its own. Rename one of them to use "
                f"{names[0]!r} as a package."
            )
            package = ""
        elif is_dotted:
            dotted = package if path.stem == "__init__" else f"{package}.{_name_of(path)}"
            return Place(dotted, package, top, is_dotted=True)
    else:
        package = ""
    return _top_level(path)._replace(package=package, top=top if names else None)


def _name_of(path: Path) -> str:
    return path.stem.replace(".", "_")


def _top_level(path: Path) -> Place:
    stem = _name_of(path)
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


def _is_taken(name: str, own_file: Path, *, also_sources: bool = False) -> bool:
    """Whether a top-level module name belongs to something else than this source.

    Args:
        name: the module's.
        own_file: the file the source would have it stand for.
        also_sources: whether to count what is not installed, too.
    """
    if name in sys.stdlib_module_names:
        return True
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = file_of(loaded)
        return not (file and (_is_same(file, own_file) or _is_of_earlier_source(file)))
    elsewhere = [entry for entry in sys.path if Path(entry).resolve() != own_file.parent]
    found = PathFinder.find_spec(name, elsewhere)
    if not found or not found.origin or _is_same(found.origin, own_file):
        return False
    return also_sources or _is_installed(found.origin)


def file_of(module: ModuleType | None) -> str | None:
    """Where a module is from: its file, or the directory of a package without `__init__.py`."""
    file = getattr(module, "__file__", None)
    if not file:
        try:
            file = next(iter(module.__path__), None)  # type: ignore[union-attr]
        except (AttributeError, TypeError, KeyError):  # a namespace whose parent is gone
            return None
    return file if isinstance(file, str) else None


def _is_same(file: str, path: Path) -> bool:
    found = Path(file).resolve()
    return found == path or (path.name == "__init__.py" and found == path.parent)


def _is_installed(file: str) -> bool:
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)


def _is_of_earlier_source(file: str) -> bool:
    path = Path(file).resolve()
    return not _is_installed(file) and any(map(path.is_relative_to, _run_directories))


def run(path: Path, module: str = "") -> ModuleType:
    """Run a source (as `locate` returned it) as a module and return that module.

    The source's directory comes first on `sys.path`, as for `python main.py`, and before it only
    the standard library's names; the directory its outermost package is in comes last. The module
    is in `sys.modules` before it runs. It behaves like a package whose search path is its own
    directory, so that `from .sibling import x` works beside `from sibling import x`; one that
    imports more of the package it is in has that as context.

    Args:
        path: the source.
        module: as for `place_of`; with one the outermost package's directory comes second.

    Raises:
        BaseException: whatever the source raises, unchanged.
    """
    place = place_of(path, module)
    directories = [path.parent, *([place.top.parent] if place.top else [])]
    names = {entry.name.partition(".")[0] for item in directories for entry in item.iterdir()}
    _forget_earlier_sources(names - sys.stdlib_module_names, directories)
    _run_directories.update((path.parent, place.top or path.parent))
    _put_on_path(directories, is_root_first=place.is_dotted)
    keep_standard_names(directories, names, place.displaced)
    importlib.invalidate_caches()  # the source may have been written a moment ago
    with none_of_young_sources():
        return _execute(path, place)


def _put_on_path(directories: list[Path], *, is_root_first: bool) -> None:
    entries = list(dict.fromkeys(map(str, directories)))
    count = len(entries) if is_root_first else 1
    first, last = entries[:count], entries[count:]
    kept = [entry for entry in sys.path if entry not in first]
    sys.path[:] = first + kept + [entry for entry in last if entry not in kept]


def _forget_earlier_sources(names: set[str], directories: list[Path]) -> None:
    """Drop modules of other sources that hide files of this one (`helper` beside each of two)."""
    for name in names:
        file = file_of(sys.modules.get(name))
        if file and _is_of_earlier_source(file):
            path = Path(file).resolve()
            home = path.parent.parent if path.name == "__init__.py" else path.parent
            if home not in directories:
                _forget(name)


def _forget(name: str) -> None:
    for known in [known for known in sys.modules if f"{known}.".startswith(f"{name}.")]:
        del sys.modules[known]


def _execute(path: Path, place: Place) -> ModuleType:
    stem = _name_of(path)
    is_init = stem == "__init__"
    outer = place.package.rpartition(".")[0] if is_init else place.package
    entries = [place.name, *([f"{outer}.{stem}"] if outer and not is_init else [])]
    for name in entries:
        _forget(name)
    if outer:
        parent = importlib.import_module(outer)
        if entries[-1] in sys.modules:  # the package's own __init__.py imported it
            return sys.modules[entries[-1]]
        if place.is_dotted and not _is_taken(stem, path):
            entries.append(stem)  # a sibling's `import main` must not run it again
    has_path = is_init or not place.is_dotted
    spec = spec_in_package(place.name, path, place.package or place.name, has_path=has_path)
    module = module_from_spec(spec)
    sys.modules.update(dict.fromkeys(entries, module))
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    except BaseException:
        for name in entries:
            sys.modules.pop(name, None)
        raise
    if outer:
        setattr(parent, place.package.rpartition(".")[2] if is_init else stem, module)
    return sys.modules.get(place.name, module)


def _warn(message: str) -> None:
    own_logger("functions_framework").warning(message)
