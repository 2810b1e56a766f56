"""Which run of a module a registered function is from: modules run more than once in one process.

A test reloads the module under test, or imports it and has an app made of its source; a cell of a
notebook runs again. What an earlier run registered does not count beside what the last one did.
And modules run less often than they are asked for: what a source imports runs for the first of its
apps only.
"""

from __future__ import annotations

import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

# What every app asks in its calls. Hooks run as often as their module.
_OF_CALLS = ("error_handlers", "middleware", "dropped_hooks")

_beside: dict[Path, dict[str, list[Any]]] = {}


def add_modules_beside(source: Path, registered: Any) -> None:
    """Add what the modules beside a source registered for its earlier app, and note it for a later.

    Args:
        source: the file that was just run.
        registered: the `Registrations` that its app will take.
    """
    earlier = _beside.pop(source, {})
    noted = {}
    for kind in _OF_CALLS:
        items = getattr(registered, kind)
        known = {id(item) for item in items}
        found = [item for item in earlier.get(kind, ()) if id(item) not in known]
        items[:0] = [item for item in found if _is_beside(item, source)]
        noted[kind] = [item for item in items if _is_beside(item, source)]
    if any(noted.values()):
        _beside[source] = noted


def _is_beside(item: Any, source: Path) -> bool:
    """Whether something is from another module in a source's directory, as it is loaded now."""
    names = globals_of(item) or {}
    module = sys.modules.get(names.get("__name__", ""))
    file = names.get("__file__")
    if module is None or vars(module) is not names or not isinstance(file, str):
        return False
    path = Path(file).resolve()
    return path != source and path.is_relative_to(source.parent)


def without_earlier_runs(items: list[Any]) -> None:
    """Take out of a list what the same lines of the same module registered in an earlier run.

    Several closures of one function stay: these are one run's.
    """
    last = {_lines_of(item): _code_of(item) for item in items}
    items[:] = [item for item in items if last[_lines_of(item)] is _code_of(item)]


def globals_of(item: Any) -> dict[str, Any] | None:
    """The globals of a registered function, None for a callable of another kind."""
    found: dict[str, Any] | None = getattr(_function_of(item), "__globals__", None)
    return found


def _function_of(item: Any) -> Any:
    """What was defined: of an error handler beside its key, and inside of what was wrapped."""
    found = item[1] if isinstance(item, tuple) else item
    while (inner := getattr(found, "__wrapped__", None)) is not None:
        found = inner
    return found


def _code_of(item: Any) -> CodeType | None:
    return getattr(_function_of(item), "__code__", None)


def _lines_of(item: Any) -> object:
    function, code = _function_of(item), _code_of(item)
    if code is None:
        return id(item)
    # Of lambdas a line may hold several; equal code has equal hashes.
    name = code if code.co_name == "<lambda>" else function.__qualname__
    key = item[0] if isinstance(item, tuple) else None
    return function.__module__, name, code.co_firstlineno, key
