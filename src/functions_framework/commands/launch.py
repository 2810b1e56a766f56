"""The way from argv to the running server without a command-line library in between.

A container starts the command with nothing but variables, or with a few plain flags, and waits for
it: these are read here. Everything else (help, sub-commands, and whatever is at fault, so that it
is told in one way) goes to `cli`.
"""

from __future__ import annotations

import os
import sys

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime.terminal import tell
from functions_framework.server.start import run
from functions_framework.settings import Settings, options, project_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any


def main(program: str | None = None) -> None:
    """Run the command with the arguments of this process.

    Args:
        program: the name it shows as, that of the script when omitted.
    """
    try:
        _run(program)
    except SystemExit as end:
        if hasattr(os, "fork"):
            raise
        from functions_framework.runtime.endings import end_process  # it served by itself

        end_process(end.code)


def _run(program: str | None) -> None:
    settings = plain_settings(sys.argv[1:])
    if settings is None:
        from .cli import program as command

        command(prog_name=program)
        return
    try:
        code = run(settings)
    except FunctionsFrameworkException as error:
        code = tell(error)
    raise SystemExit(code)


def plain_settings(arguments: Sequence[str]) -> Settings | None:
    """The settings of arguments that are all known flags with good values, else None."""
    if any(name.endswith("_COMPLETE") for name in os.environ):
        return None  # a shell asks for completions
    ignored: list[str] = []
    try:
        settings = Settings.load(dict(_values(arguments)), warn=ignored.append)
        if settings.is_reloading or project_file.content():
            return None  # there is more to read than variables
    except (ValueError, FunctionsFrameworkException):
        return None
    # What is warned of is for `cli` to say.
    return None if ignored else settings


def _values(arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Each flag's field and value.

    Raises:
        ValueError: there is more to an argument than a known flag with a good value.
    """
    by_flag = {option.flag: (name, option) for name, option in options().items()}
    words = iter(arguments)
    for word in words:
        flag, separator, text = word.partition("=")
        if flag not in by_flag:
            raise ValueError(flag)
        name, option = by_flag[flag]
        if option.is_switch:
            if separator:
                raise ValueError(word)
            yield name, True
            continue
        value = text if separator else next(words, "-")
        if value.startswith("-"):
            raise ValueError(value)
        yield name, option.parse(value)
