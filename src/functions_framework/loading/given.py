"""Functions that a program hands over itself, without a source to load them from."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException

from .load import function_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.model.function import Function

    Given = Callable[..., Any] | Sequence[Callable[..., Any]]


def functions_given(caller: str, given: Sequence[Given], signature_type: str) -> list[Function]:
    """The functions of a program, each named as it is.

    Args:
        caller: what takes them, for messages.
        given: the functions, or one list of them.
        signature_type: how one is called that no decorator stands on.

    Raises:
        InvalidConfigurationException: there is none, or something else than functions.
        FunctionsFrameworkException: no such signature.
    """
    return [
        function_of(call, getattr(call, "__name__", type(call).__name__), signature_type)
        for call in _calls_of(caller, given)
    ]


def _calls_of(caller: str, given: Sequence[Given]) -> list[Callable[..., Any]]:
    calls: list[Any] = []
    for item in given:
        calls += item if isinstance(item, (list, tuple)) else [item]
    wrong = [call for call in calls if not callable(call)]
    if wrong or not calls:
        found = repr(wrong[0]) if wrong else "none"
        name = caller.rpartition(".")[2]
        raise InvalidConfigurationException(
            f"{caller} expects functions, found {found}. "
            f"Call it as {name}(hello) or {name}(hello, on_event)."
        )
    return calls


def source_given(function: Function) -> Path:
    """The file that a function of a program is from."""
    plain = inspect.unwrap(function.call)
    code = getattr(plain, "__code__", None)
    file = code.co_filename if code else getattr(sys.modules["__main__"], "__file__", None)
    return Path(file or "main.py").absolute()
