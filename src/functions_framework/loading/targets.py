"""Which callables of a loaded module are served: by name, or those its decorators mark."""

from __future__ import annotations

import functools
import inspect
from contextlib import suppress
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import (
    InvalidTargetTypeException,
    MissingOptionException,
    MissingTargetException,
)
from functions_framework.model.function import mark_of

from .missing_files import module_meant_by
from .parameters import takes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

DEFAULT_TARGET = "function"
_MARKABLE = (FunctionType, MethodType, functools.partial, type)


def callable_of(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    """The target, instantiated if it is a class.

    Raises:
        MissingTargetException: the module has nothing of that name.
        InvalidTargetTypeException: it cannot be called.
    """
    try:
        target = getattr(module, name)
    except AttributeError:
        raise MissingTargetException(_describe_missing(module, path, name)) from None
    is_class = isinstance(target, type)
    if is_class and any("__call__" in vars(parent) for parent in target.__mro__):
        try:
            with suppress(ValueError):  # a class made in C need not tell its signature
                inspect.signature(target).bind()
        except TypeError as error:
            raise InvalidTargetTypeException(
                f"The class defined in file {path} as {name!r} cannot be made without arguments: "
                f"{error}. Make an instance in the source and name that."
            ) from None
        target = target()
    elif is_class or not callable(target):
        raise InvalidTargetTypeException(
            f"The function defined in file {path} as {name!r} needs to be of type "
            f"function. Got: invalid type {type(target)}"
        )
    found: Callable[..., Any] = target
    return found


def _describe_missing(module: ModuleType, path: Path, name: str) -> str:
    import difflib

    message = f"File {path} is expected to contain a function named {name!r}. "
    found = _public_functions_of(module) or _functions_of(module)
    message += f"Found: {_listed(found) or 'no function'} instead"
    public = [found for found in vars(module) if not found.startswith("__")]
    inner = name.rpartition(".")[2]
    close = [inner] if inner in public else difflib.get_close_matches(name, public, n=1)
    if not close and (meant := module_meant_by(name, path.parent)):
        return f"{message}. Did you mean --target {meant}?"
    return f"{message}. Did you mean {close[0]!r}?" if close else message


def default_names(module: ModuleType, path: Path) -> list[str]:
    """The names of the functions to serve when none is given.

    Raises:
        MissingOptionException: none follows from the source.
    """
    marked = _marked_of(module)
    if marked:
        return marked
    if callable(getattr(module, DEFAULT_TARGET, None)):
        return [DEFAULT_TARGET]
    own = _public_functions_of(module)
    # One that takes nothing isn't a function to serve, but a program's `main`, say.
    if len(own) == 1 and any(takes(getattr(module, own[0]), count) for count in (1, 2)):
        return own
    found = _listed(own or _functions_of(module)) or "no function"
    raise MissingOptionException(
        f"Missing option '--target'. {path} holds {found}. "
        "Name one with --target or FUNCTION_TARGET."
    )


def _public_functions_of(module: ModuleType) -> list[str]:
    """Functions that the source itself defines, but for those whose name begins with `_`."""
    return [
        name
        for name in _functions_of(module)
        if not name.startswith("_") and vars(module)[name].__module__ == module.__name__
    ]


def _functions_of(module: ModuleType) -> list[str]:
    return [name for name in dir(module) if isinstance(vars(module).get(name), FunctionType)]


def _marked_of(module: ModuleType) -> list[str]:
    """Names of the module's decorated functions, an alias once; imported ones if there are no own.

    Only objects that can carry a mark are asked for it: proxies such as `flask.request` answer
    such a question with an error of their own.
    """
    found: dict[int, tuple[str, bool]] = {}
    for name, value in vars(module).items():
        is_own_object = type(value).__module__ == module.__name__
        if not (issubclass(type(value), _MARKABLE) or is_own_object) or mark_of(value) is None:
            continue
        inner = value.func if isinstance(value, functools.partial) else value
        is_own = getattr(inspect.unwrap(inner), "__module__", None) == module.__name__
        if id(value) not in found or getattr(value, "__name__", "") == name:
            found[id(value)] = (name, is_own)
    own = [name for name, is_own in found.values() if is_own]
    return own or [name for name, _ in found.values()]


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
