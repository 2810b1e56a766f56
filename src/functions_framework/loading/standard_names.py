"""A finder that keeps the standard library's names, and those the framework itself needs, to them.

The source's directory comes first on `sys.path`, so a file of it named `queue.py` would be handed
to every library that imports `queue` from then on, and a folder named `click` to the framework.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# The top-level modules of the distributions this one requires, and of those they require.
_REQUIRED = frozenset(
    {
        "anyio", "blinker", "click", "cloudevents", "deprecation", "exceptiongroup", "flask",
        "functions_framework", "granian", "idna", "importlib_metadata", "itsdangerous", "jinja2",
        "markupsafe", "msgspec", "packaging", "sniffio", "starlette", "tomli",
        "typing_extensions", "watchfiles", "werkzeug", "zipp",
    }
)  # fmt: skip
_KEPT = sys.stdlib_module_names | _REQUIRED


class _ElsewhereFinder:
    """Finds some top-level modules as if the sources' directories were not on `sys.path`.

    Implements `importlib.abc.MetaPathFinder`.
    """

    __slots__ = ("directories", "names")

    def __init__(self) -> None:
        self.directories: set[Path] = set()
        self.names: set[str] = set()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,  # noqa: ARG002 - the protocol's
    ) -> ModuleSpec | None:
        """Find one of the names elsewhere; None leaves it to the next finder."""
        if path is not None or fullname not in self.names:
            return None
        elsewhere = [entry for entry in sys.path if Path(entry).resolve() not in self.directories]
        return PathFinder.find_spec(fullname, elsewhere)


_FINDER = _ElsewhereFinder()


def keep_standard_names(
    directories: Iterable[Path], names: Iterable[str], displaced: str = ""
) -> None:
    """Let imports of names that files of the source bear give the modules they belong to.

    Args:
        directories: those of the source on `sys.path`, real paths.
        names: the names of the modules in them.
        displaced: a further name that is kept to its owner, empty for none.
    """
    _FINDER.directories.update(directories)
    _FINDER.names.update(_KEPT.intersection(names), {displaced} - {""})
    if _FINDER.names and _FINDER not in sys.meta_path:
        known = [index for index, item in enumerate(sys.meta_path) if item is PathFinder]
        sys.meta_path.insert(known[0] if known else 0, _FINDER)
