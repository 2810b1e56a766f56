"""Which package a source stands in, and whether its imports need that package.

On its own a source is a package whose search path is its directory, so `from .helper import x`
needs no more. What lies above the directory, what only an `__init__.py` defines and what names the
package does.
"""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.machinery import ModuleSpec, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator
    from pathlib import Path


def packages_around(path: Path, module: str = "") -> tuple[list[str], Path]:
    """The names of the packages around a file, the outermost first, and that one's directory.

    Args:
        path: the file.
        module: the dotted name it was asked for by; the packages in that need no `__init__.py`.
    """
    names: list[str] = []
    top = directory = path.parent
    named = module.count(".") + (path.stem == "__init__") if module else 0
    while len(names) < named or (
        (directory / "__init__.py").is_file() and directory.name.isidentifier()
    ):
        names.insert(0, directory.name)
        top, directory = directory, directory.parent
    return names, top


def needs_package(source: Path, *, by_name: bool) -> bool:
    """Whether a source imports what only its package has.

    What it imports relatively from its own directory is asked as well.

    Args:
        source: its file.
        by_name: whether imports that name the package count, too.
    """
    import ast  # most sources are in no package

    names, _ = packages_around(source)
    root, seen, pending = source.parent, {source}, [source]
    while pending:
        path = pending.pop()
        for node in _imports_inside(path, names[0]):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                if by_name:
                    return True
                continue
            directory = path.parent
            for _ in range(node.level - 1):
                directory = directory.parent
            if not directory.is_relative_to(root):
                return True
            if node.module:
                directory = directory.joinpath(*node.module.split("."))
            elif directory == root and not _has_all(source, path, node):
                return True
            found = {*_files_of(directory)}
            found.update(*(_files_of(directory / alias.name) for alias in node.names))
            pending += found - seen
            seen |= found
    return False


def _has_all(source: Path, path: Path, node: ast.ImportFrom) -> bool:
    """Whether `from . import names` in a file finds them beside the source or inside it."""
    # What the source itself binds is found there by the modules it imports.
    text = source.read_bytes() if path != source else b""
    return all(
        name == "*"
        or (source.parent / name).is_dir()
        or _files_of(source.parent / name)
        or re.search(rb"\b%s\b" % re.escape(name.encode()), text)
        for name in (alias.name for alias in node.names)
    )


def _files_of(path: Path) -> list[Path]:
    files = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return [file for file in files if file.is_file()]


def _imports_inside(path: Path, top: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports of a file that are relative or name a package."""
    import ast

    with suppress(SyntaxError, ValueError):  # running it says what is wrong
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ImportFrom):
                if node.level or f"{node.module}.".startswith(f"{top}."):
                    yield node
            elif isinstance(node, ast.Import) and any(
                f"{alias.name}.".startswith(f"{top}.") for alias in node.names
            ):
                yield node


class _PackagedSpec(ModuleSpec):
    """The spec of a module whose name need not tell where its relative imports start."""

    package = ""

    @property
    def parent(self) -> str:
        """What the import system takes for the package."""
        return self.package


def spec_in_package(name: str, path: Path, package: str, *, has_path: bool) -> ModuleSpec:
    """The spec of a source file.

    Args:
        name: of the module.
        path: of the file.
        package: where its relative imports start.
        has_path: whether the module is itself a package, with the files beside it in it.
    """
    spec = _PackagedSpec(name, SourceFileLoader(name, str(path)), origin=str(path))
    spec.has_location, spec.package = True, package
    if has_path:
        spec.submodule_search_locations = [str(path.parent)]
    return spec
