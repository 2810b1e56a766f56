"""From a target's name and a source to the `Function` to serve, and what a load writes to environ.

Finding and running the source is `source`'s business, the decorators' marks are `function`'s.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from contextlib import AbstractContextManager, nullcontext, suppress
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from . import source as sources
from .exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    InvalidTargetTypeException,
    MissingOptionException,
    MissingSourceException,
    MissingTargetException,
)
from .function import Function, Signature, mark_of
from .settings import Settings, options

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    Around = Callable[[Path], AbstractContextManager[Any]]

DEFAULT_TARGET = "function"
NO_TARGET = "Target is not specified (FUNCTION_TARGET environment variable not set)"
_MARKABLE = (FunctionType, MethodType, functools.partial, type)


def load(settings: Settings, around: Around | None = None) -> Function:
    """Run the source the settings name and return the function to serve.

    Writes `FUNCTION_TARGET` to the environment before the source runs (after it where the name
    follows from the source) and `FUNCTION_SIGNATURE_TYPE`, the resolved one, after.

    Args:
        settings: of them `target`, `source`, `signature_type` and `asgi`.
        around: makes the context manager the source runs in, given its real path.

    Raises:
        InvalidConfigurationException: the target is given as empty text.
        MissingOptionException: no target is given and the source leaves a choice.
        MissingSourceException, MissingTargetException, InvalidTargetTypeException: as named.
        BaseException: whatever the source raises, unchanged.
    """
    path = precheck(settings)
    function = _load(settings.target, path, settings.signature_type, around)
    return dataclasses.replace(function, is_asgi=True) if settings.asgi else function


def load_target(
    target: str | None = None,
    source: str | os.PathLike[str] | None = None,
    signature_type: str | None = None,
    around: Around | None = None,
) -> Function:
    """Do as `load` for the Python API: each argument defaults to its variable.

    Raises:
        InvalidConfigurationException: no target is given, and none follows from the source.
        FunctionsFrameworkException: as `load`, and for an unknown signature type.
    """
    environ = os.environ
    target = environ.get(options()["target"].variable) or None if target is None else target
    source = source or environ.get(options()["source"].variable)
    signature_type = signature_type or environ.get(options()["signature_type"].variable)
    try:
        path = _checked(target, source)
        return _load(target, path, signature_type or Signature.HTTP, around)
    except MissingOptionException as error:
        raise InvalidConfigurationException(NO_TARGET) from error


def precheck(settings: Settings) -> Path:
    """Find the source, and raise what can be told without running it (see `load`)."""
    return _checked(settings.target, settings.source)


def _checked(target: str | None, source: str | os.PathLike[str] | None) -> Path:
    if target == "":
        os.environ["FUNCTION_TARGET"] = ""
        raise InvalidConfigurationException(NO_TARGET)
    try:
        return sources.locate(source)
    except MissingSourceException as error:
        if target is None and not source:
            raise MissingOptionException(f"Missing option '--target'. {error}") from None
        raise


def _load(target: str | None, path: Path, signature_type: str, around: Around | None) -> Function:
    if target is not None:
        _announce_target(target)
    with nullcontext() if around is None else around(path):
        module = sources.run(path)
        name = _default_target(module, path) if target is None else target
        call = _callable_of(module, path, name)
    if target is None:
        _announce_target(name)
    mark = mark_of(call)
    function = Function.of(call, name, mark.signature if mark else _signature_of(signature_type))
    os.environ["FUNCTION_SIGNATURE_TYPE"] = str(function.signature)
    if is_legacy_mode():
        os.environ["FUNCTION_TRIGGER_TYPE"] = str(function.signature)
    return function


def is_legacy_mode() -> bool:
    """Whether the platform asked for the first runtime's behaviour (`ENTRY_POINT` is set)."""
    return bool(os.environ.get("ENTRY_POINT"))


def _announce_target(name: str) -> None:
    os.environ["FUNCTION_TARGET"] = name
    if is_legacy_mode():
        os.environ["FUNCTION_NAME"] = os.environ.get("K_SERVICE") or name


def _signature_of(signature_type: str) -> Signature:
    try:
        return Signature(signature_type)
    except ValueError as error:
        raise FunctionsFrameworkException(f"Invalid signature type: {signature_type}") from error


def _callable_of(module: ModuleType, path: Path, name: str) -> Callable[..., Any]:
    """The target, instantiated if it is a class."""
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
                f"The class defined in file {path} as {name} cannot be made without arguments: "
                f"{error}. Make an instance in the source and name that."
            ) from None
        target = target()
    elif is_class or not callable(target):
        raise InvalidTargetTypeException(
            f"The function defined in file {path} as {name} needs to be of type function. "
            f"Got: {type(target)}"
        )
    found: Callable[..., Any] = target
    return found


def _describe_missing(module: ModuleType, path: Path, name: str) -> str:
    import difflib  # noqa: PLC0415 - only for this failure

    message = f"File {path} is expected to contain a function named {name!r}. "
    message += f"Found: {_listed(_functions_of(module)) or 'no function'} instead"
    public = [found for found in vars(module) if not found.startswith("__")]
    close = difflib.get_close_matches(name, public, n=1)
    return f"{message}. Did you mean {close[0]!r}?" if close else message


def _default_target(module: ModuleType, path: Path) -> str:
    """The name of the function to serve when none is given.

    Raises:
        MissingOptionException: none follows from the source.
    """
    marked = _marked_of(module)
    if len(marked) == 1:
        return marked[0]
    if not marked and callable(getattr(module, DEFAULT_TARGET, None)):
        return DEFAULT_TARGET
    if marked:
        found = f"{path} decorates several functions: {_listed(marked)}"
    else:
        names = _functions_of(module)
        found = f"{path} holds {_listed(names) or 'no function'}"
    raise MissingOptionException(
        f"Missing option '--target'. {found}. Name one with --target or FUNCTION_TARGET."
    )


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
        is_own = getattr(inner, "__module__", None) == module.__name__
        if id(value) not in found or getattr(value, "__name__", "") == name:
            found[id(value)] = (name, is_own)
    own = [name for name, is_own in found.values() if is_own]
    return own or [name for name, _ in found.values()]


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
