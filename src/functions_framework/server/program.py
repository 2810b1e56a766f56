"""Serving from a Python program: `python main.py` instead of the command, with the same server."""

from __future__ import annotations

import difflib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.settings import Settings, options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.model.function import Function

# What the functions given and the program itself stand for.
_NOT_HERE = frozenset({"target", "source", "reload"})


def serve(*functions: Callable[..., Any] | Sequence[Callable[..., Any]], **settings: Any) -> None:
    """Serve functions until SIGTERM or SIGINT, as the command does.

    One function owns every path; several are served each at its own `path=` or `/<name>`.

    Args:
        functions: the functions, decorated or not, or one list of them; or one application.
        settings: by the names of `functions_framework.settings.Settings`: `port=8080`,
            `workers=2`, … Their variables and defaults are the command's.

    Raises:
        InvalidConfigurationException: a setting, or what is served, cannot be used.
        FunctionsFrameworkException: the functions cannot be served.
        SystemExit: the server ended otherwise than by being told to stop once.
    """
    from functions_framework.loading.load import function_of, running_source

    source = running_source()
    if source is not None:
        raise InvalidConfigurationException(
            f"{source} calls functions_framework.serve while it is being loaded. Put the call "
            "under: if __name__ == '__main__'"
        )
    chosen = _settings_of(settings)
    named = [
        function_of(call, getattr(call, "__name__", type(call).__name__), chosen.signature_type)
        for call in _calls_of(functions)
    ]
    from .start import serve as run
    from .worker.build import of_functions

    code = run(chosen, of_functions(named, _source_of(named[0]), chosen))
    if code:
        sys.exit(code)


def _calls_of(given: tuple[Any, ...]) -> list[Callable[..., Any]]:
    calls: list[Any] = []
    for item in given:
        calls += item if isinstance(item, (list, tuple)) else [item]
    wrong = [call for call in calls if not callable(call)]
    if wrong or not calls:
        found = repr(wrong[0]) if wrong else "none"
        raise InvalidConfigurationException(
            f"functions_framework.serve expects functions, found {found}. "
            "Call it as serve(hello) or serve(hello, on_event)."
        )
    return calls


def _settings_of(given: dict[str, Any]) -> Settings:
    known = options().keys() - _NOT_HERE
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"Did you mean {close[0]}?" if close else f"It takes: {', '.join(sorted(known))}."
            )
            raise InvalidConfigurationException(
                f"functions_framework.serve takes no setting {name!r}. {hint}"
            )
    # Read as a flag's text is, so that the rules are the same.
    values = {name: _read(name, value) for name, value in given.items() if value is not None}
    return Settings.load(values, names=known)


def _read(name: str, value: object) -> Any:
    try:
        return options()[name].parse(str(value))
    except ValueError as error:
        raise InvalidConfigurationException(
            f"functions_framework.serve: {name}={value!r}: {error}."
        ) from None


def _source_of(function: Function) -> Path:
    plain = inspect.unwrap(function.call)
    code = getattr(plain, "__code__", None)
    file = code.co_filename if code else getattr(sys.modules["__main__"], "__file__", None)
    return Path(file or "main.py").absolute()
