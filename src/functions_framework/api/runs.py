"""Which run of a module a registered function is from: modules run more than once in one process.

A test reloads the module under test, or imports it and has an app made of its source; a cell of a
notebook runs again. What an earlier run registered does not count beside what the last one did.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any


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
