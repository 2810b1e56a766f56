"""From a target's name and a source to the `Function` to serve, and what a load writes to environ.

Finding and running the source is `source`'s business, the decorators' marks are `function`'s.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from functions_framework.api.registrations import dropped_on_failure, pending
from functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    MissingOptionException,
    MissingSourceException,
)
from functions_framework.model.function import Function, Signature, mark_of
from functions_framework.runtime.values import NamedTuple, replace
from functions_framework.settings import Settings, options
from functions_framework.settings.announced import announce as announce_variable
from functions_framework.settings.announced import environ as settings_environ

from . import source as sources
from . import targets
from .missing_files import module_meant_by

if TYPE_CHECKING:
    from collections.abc import Callable

    Around = Callable[[Path], AbstractContextManager[Any]]

T = TypeVar("T")

# Held from the load of a source until its app is built: the path, the modules and what a module
# registers while it loads are the process's, and other threads may build apps as well.
one_at_a_time = RLock()

_running: list[Path] = []

NO_TARGET = "Target is not specified (FUNCTION_TARGET environment variable not set)"


def load(settings: Settings, around: Around | None = None) -> list[Function]:
    """Run the source the settings name and return the functions to serve.

    Without a target these are all decorated ones, else the one named `function`. Writes
    `FUNCTION_TARGET` to the environment before the source runs (after it where the names follow
    from the source) and `FUNCTION_SIGNATURE_TYPE`, the resolved one, after.

    Args:
        settings: of them `target`, `source`, `signature_type` and `asgi`.
        around: makes the context manager the source runs in, given its real path.

    Raises:
        InvalidConfigurationException: the target is given as empty text.
        MissingOptionException: no target is given and none follows from the source.
        MissingSourceException, MissingTargetException, InvalidTargetTypeException: as named.
        BaseException: whatever the source raises, unchanged.
    """
    named = _named(settings.target, settings.source)
    functions = _load(named, settings.signature_type, around)
    if settings.asgi:
        return [replace(function, is_asgi=True) for function in functions]
    return functions


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
    environ = settings_environ()
    target = environ.get(options()["target"].variable) or None if target is None else target
    source = source or environ.get(options()["source"].variable)
    signature_type = signature_type or environ.get(options()["signature_type"].variable)
    try:
        named = _named(target, source)
        functions = _load(named, signature_type or Signature.HTTP, around)
    except MissingOptionException as error:
        raise InvalidConfigurationException(NO_TARGET) from error
    from functions_framework.api.runs import add_modules_beside

    add_modules_beside(named.path, pending())
    if len(functions) > 1:
        listed = ", ".join(repr(function.name) for function in functions)
        raise InvalidConfigurationException(
            f"{NO_TARGET}; {named.path} decorates several: {listed}"
        )
    return functions[0]


def precheck(settings: Settings) -> Path:
    """Find the source, and raise what can be told without running it (see `load`)."""
    return _named(settings.target, settings.source).path


def find_source(target: str | None, source: str | os.PathLike[str] | None) -> Path:
    """Find the source, and ask for no target: all functions of it may be meant.

    Raises:
        InvalidConfigurationException: the target cannot be one.
        MissingSourceException: there is no such file or module.
    """
    module = _split(target)[0] if target else ""
    if module:
        return sources.locate_module(module, source)
    try:
        return sources.locate(source)
    except MissingSourceException:
        directory = Path(source or ".")
        if meant := module_meant_by(target or "", directory):
            raise MissingSourceException(
                f"There is no main.py in {directory.resolve()} to hold the function {target!r}. "
                f"Did you mean --target {meant}?"
            ) from None
        raise


def source_of(settings: Settings) -> Path:
    """The source as `precheck`, by the links that lead to it; a module's without."""
    named = _named(settings.target, settings.source)
    return named.path if named.module else sources.find(settings.source)


def explained(build: Callable[[], T], settings: Settings) -> T:
    """What a call that loads the settings' source gives, its failure in a sentence where one helps.

    Raises:
        InvalidConfigurationException: the sentence.
        BaseException: any other failure, unchanged.
    """
    try:
        return build()
    except (KeyError, ImportError, SyntaxError) as error:
        from .diagnosis import diagnosis

        text = diagnosis(error, precheck(settings))
        if text is None:
            raise
        raise InvalidConfigurationException(text) from error


class _Named(NamedTuple):
    """What a target and a source name: functions (None without any), a file, a module or ""."""

    names: list[str] | None
    path: Path
    module: str


def _named(target: str | None, source: str | os.PathLike[str] | None) -> _Named:
    if target == "":
        announce_variable("FUNCTION_TARGET", "")
        raise InvalidConfigurationException(NO_TARGET)
    module, names = ("", None) if target is None else _split(target)
    try:
        path = find_source(target, source)
    except MissingSourceException as error:
        if target is None and not source:
            raise MissingOptionException(f"Missing option '--target'. {error}") from None
        raise
    return _Named(names, path, module)


def _split(target: str) -> tuple[str, list[str]]:
    """The module and the names of `name`, `a,b` and `package.module:name`."""
    parts = [part.strip() or part for part in target.split(",")] if "," in target else [target]
    modules = {part.partition(":")[0] if ":" in part else "" for part in parts}
    names = [part.rpartition(":")[2] for part in parts]
    for part in parts:
        _refuse_path(part)
    if len(modules) > 1 or not all(name.strip() for name in names):
        raise InvalidConfigurationException(
            f"Cannot serve the target {target!r}: expected a name, names of one source with commas "
            "between them, or package.module:name."
        )
    return modules.pop(), names


def _refuse_path(target: str) -> None:
    """Say which options were meant by a target that is a file, with or without a function."""
    path, _, name = target.partition(".py:") if ".py:" in target else (target, "", "NAME")
    if path != target or target.endswith(".py") or "/" in target or os.sep in target:
        file = f"{path}.py" if path != target else target
        raise InvalidConfigurationException(
            f"The target {target!r} is a file, and a target is a function's name. "
            f"Did you mean --source {file} --target {name}?"
        )


def _load(named: _Named, signature_type: str, around: Around | None) -> list[Function]:
    names, path, module_name = named
    if names is not None:
        _announce_target(",".join(names))
    with dropped_on_failure(), nullcontext() if around is None else around(path):
        _running.append(path)
        try:
            module = sources.run(path, module_name)
        finally:
            _running.pop()
        chosen = targets.default_names(module, path) if names is None else names
        calls = [(name, targets.callable_of(module, path, name)) for name in chosen]
    if names is None:
        _announce_target(",".join(chosen))
    functions = [function_of(call, name, signature_type) for name, call in calls]
    _announce_signatures(functions)
    return functions


def announce(functions: list[Function]) -> None:
    """Write to the environment what `load` does, for functions that are there already."""
    _announce_target(",".join(function.name for function in functions))
    _announce_signatures(functions)


def running_source() -> Path | None:
    """The source that is being run at this moment, None outside a load."""
    return _running[-1] if _running else None


def _announce_signatures(functions: list[Function]) -> None:
    # Of several the first's: a child process reads it as a setting, which takes one.
    signature = str(functions[0].signature)
    announce_variable("FUNCTION_SIGNATURE_TYPE", signature)
    if is_legacy_mode():
        announce_variable("FUNCTION_TRIGGER_TYPE", signature)


def function_of(call: Callable[..., Any], name: str, signature_type: str) -> Function:
    """The function of a callable; the signature type is for one without a mark.

    Raises:
        FunctionsFrameworkException: no such signature.
    """
    mark = mark_of(call)
    return Function.of(call, name, mark.signature if mark else _signature_of(signature_type))


def is_legacy_mode() -> bool:
    """Whether the platform asked for the first runtime's behaviour (`ENTRY_POINT` is set)."""
    return bool(os.environ.get("ENTRY_POINT"))


def _announce_target(name: str) -> None:
    announce_variable("FUNCTION_TARGET", name)
    if is_legacy_mode():
        announce_variable("FUNCTION_NAME", os.environ.get("K_SERVICE") or name)


def _signature_of(signature_type: str) -> Signature:
    try:
        return Signature(signature_type)
    except ValueError as error:
        raise FunctionsFrameworkException(f"Invalid signature type: {signature_type}") from error
