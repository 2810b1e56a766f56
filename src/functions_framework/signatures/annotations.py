"""Reading the types a function's author wrote down: parameters, results, strings resolved.

Nothing here knows what the types are good for.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import typing
from types import SimpleNamespace
from typing import Any, Final, NoReturn

from functions_framework.exceptions import FunctionsFrameworkException

if typing.TYPE_CHECKING:
    from collections.abc import Callable

MISSING: Final = inspect.Parameter.empty
"""Stands for an annotation that is not there."""

_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)


def _code_of(function: Any) -> Any:
    """The plain function behind partials, bound methods, wrappers and callable objects."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not inspect.isroutine(function):
        function = getattr(type(function), "__call__", function)  # noqa: B004
    return inspect.unwrap(getattr(function, "__func__", function))


def place(function: Callable[..., Any]) -> str:
    """Where a function stands, for the start of a message: `'name' (file.py, line 3)`."""
    plain = _code_of(function)
    name = getattr(function, "__name__", None) or getattr(plain, "__name__", repr(function))
    code = getattr(plain, "__code__", None)
    if code is None:
        return f"'{name}'"
    return f"'{name}' ({code.co_filename}, line {code.co_firstlineno})"


def fail(function: Callable[..., Any], fault: str, cause: BaseException | None = None) -> NoReturn:
    """Raise the start-up error for a function that cannot be served.

    Raises:
        FunctionsFrameworkException: always; names the function, its file and line, the fault.
    """
    raise FunctionsFrameworkException(f"Function {place(function)}: {fault}") from cause


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    if sys.version_info >= (3, 14):  # names that only exist for type checkers must not fail here
        import annotationlib

        return inspect.signature(function, annotation_format=annotationlib.Format.FORWARDREF)
    return inspect.signature(function)


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters that a positional argument can fill, in order."""
    try:
        signature = _signature(function)
    except (TypeError, ValueError):  # some builtins tell nothing of themselves
        return []
    return [item for item in signature.parameters.values() if item.kind in _POSITIONAL]


def resolve(function: Callable[..., Any], annotation: object) -> Any:
    """Evaluate an annotation written as text, or under `from __future__ import annotations`.

    Names are looked up in the function's module and in what the function closes over.

    Raises:
        NameError: it holds a name that cannot be found.
        SyntaxError: it isn't a Python expression.
        TypeError: it is an expression, but no type.
    """
    plain = _code_of(function)
    holder = SimpleNamespace(__annotations__={"it": annotation})
    scope = getattr(plain, "__globals__", {})
    return typing.get_type_hints(holder, scope, _enclosed(plain), include_extras=True)["it"]


def _enclosed(plain: object) -> dict[str, Any]:
    names = getattr(getattr(plain, "__code__", None), "co_freevars", ())
    found = {}
    for name, cell in zip(names, getattr(plain, "__closure__", None) or (), strict=False):
        with contextlib.suppress(ValueError):  # a cell that is not filled yet
            found[name] = cell.cell_contents
    return found


def return_annotation(function: Callable[..., Any]) -> Any:
    """The unresolved return annotation, `MISSING` without one."""
    try:
        return _signature(function).return_annotation
    except (TypeError, ValueError):
        return MISSING
