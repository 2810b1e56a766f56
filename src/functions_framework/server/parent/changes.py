"""What is done about files that changed, before the source is loaded again."""

from __future__ import annotations

import contextlib
from importlib.util import cache_from_source
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime import terminal
from functions_framework.settings import env_file

if TYPE_CHECKING:
    from collections.abc import Iterable

HELD = "The function is served again once the source is changed."
_SHOWN = 3


def names_of(changed: Iterable[str]) -> str:
    """Some of the changed files, for a line about them."""
    names = sorted(changed)
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def take_note(changed: Iterable[str], directory: Path) -> None:
    """Let the next load see what changed: no byte code of before, the variables of now.

    Args:
        changed: paths, relative to the directory or absolute.
        directory: the source's.
    """
    paths = {directory / name for name in changed}
    for path in paths:
        _forget_byte_code(path)
    if not {str(path) for path in paths}.isdisjoint(env_file.own_files()):
        try:
            env_file.reapply_own()
        except FunctionsFrameworkException as error:
            terminal.fail(f"{error} The variables stay as they were.")


def _forget_byte_code(path: Path) -> None:
    """Delete what is cached of a source: a second save within a second may look like the first.

    The interpreter compares the size and the time in whole seconds (PEP 3147).
    """
    if path.suffix == ".py":
        with contextlib.suppress(OSError):
            Path(cache_from_source(path)).unlink()
