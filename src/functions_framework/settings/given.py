"""Settings that a program gives by name, read as a flag's text is: the rules are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException

from .fields import Settings, options
from .options import quoted, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def settings_given(caller: str, given: Mapping[str, Any], without: Collection[str]) -> Settings:
    """The settings of a program, with their variables and defaults for the others.

    Args:
        caller: what takes them, for messages.
        given: values by the names of `Settings`; None counts as not given.
        without: names that mean nothing there; their variables are not read.

    Raises:
        InvalidConfigurationException: there is no such setting, or it cannot have this value.
    """
    known = options().keys() - set(without)
    for name in given:
        if name not in known:
            import difflib

            close = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"Did you mean {close[0]}?" if close else f"It takes: {', '.join(sorted(known))}."
            )
            raise InvalidConfigurationException(f"{caller} takes no setting {name!r}. {hint}")
    values = {
        name: _read(caller, name, value) for name, value in given.items() if value is not None
    }
    return Settings.load(values, names=known)


def _read(caller: str, name: str, value: object) -> Any:
    try:
        return options()[name].parse(text_of(value))
    except ValueError as error:
        raise InvalidConfigurationException(f"{caller}: {name}={quoted(value)}: {error}.") from None
