"""Measures what the imports of a source cost while it is loaded."""

from __future__ import annotations

import builtins
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ImportCost(NamedTuple):
    """One import statement of the source.

    Attributes:
        module: what was imported.
        line: where, from 1.
        seconds: how long it took, with all that it imported in turn.
    """

    module: str
    line: int
    seconds: float


@contextmanager
def timed_imports(source: Path) -> Iterator[list[ImportCost]]:
    """Time the import statements of one file inside; the list fills as they run."""
    costs: list[ImportCost] = []
    original = builtins.__import__
    file = str(source)

    def timing(name: str, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)  # noqa: SLF001 - CPython and PyPy; there is no other way
        if caller.f_code.co_filename != file:
            return original(name, *args, **kwargs)
        before = time.perf_counter()
        try:
            return original(name, *args, **kwargs)
        finally:
            costs.append(ImportCost(name, caller.f_lineno, time.perf_counter() - before))

    builtins.__import__ = timing
    try:
        yield costs
    finally:
        builtins.__import__ = original
