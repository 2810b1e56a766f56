"""What an option is: the ways one setting is given from outside, and the error of a bad value.

The options themselves are declared in `fields`.
"""

from __future__ import annotations

import os

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.runtime.values import field, value_class

from .parsers import boolean, header_size, show_size, size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def text_of(value: object) -> str:
    """What a program or a file gives for a setting, as a flag's text.

    What a flag takes with commas between may be a list.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if not isinstance(value, (str, int, float)):
        raise ValueError("expected a text or a number")  # noqa: TRY004 - as parsers do
    return str(value)


@value_class(frozen=True)
class Option:
    """How one setting is given from outside.

    Attributes:
        flag: the command-line flag.
        variable: the environment variable.
        parse: text to value; raises ValueError that says what was expected.
        help: one sentence for `--help` and the documentation.
        group: the heading it stands under.
        is_lenient: a bad value in the variable is warned of and ignored instead of fatal.
        older_variable: a name the variable had before, read when `variable` is unset; always
            lenient.
        platform_variable: a platform's own name for it, read when neither of these is set.
        error: what a bad value in the variable raises; it carries the exit code.
    """

    flag: str
    variable: str
    parse: Callable[[str], Any]
    help: str
    group: str
    is_lenient: bool = False
    older_variable: str | None = None
    platform_variable: str | None = None
    error: type[InvalidSettingException] | None = None

    @property
    def is_switch(self) -> bool:
        """Whether the flag takes no value."""
        return self.parse is boolean

    @property
    def metavar(self) -> str:
        """What stands for the value in `--help`."""
        return self.parse.__name__.upper().replace("_", "-")

    def show(self, value: Any) -> str:
        """Write a value of this option as a user would; empty for one that is unset."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "on" if value else "off"
        if self.parse in {size, header_size}:
            return show_size(value)
        return f"{value:g}" if isinstance(value, float) else str(value)

    def read(self, variable: str, raw: str) -> Any:
        """Parse the text of an environment variable.

        Raises:
            InvalidSettingException: the text is not what the option takes.
        """
        try:
            return self.parse(raw)
        except ValueError as error:
            message = f"Invalid value {quoted(raw)} for {variable}: {error}."
            raise (self.error or InvalidSettingException)(message) from None


def quoted(value: object) -> str:
    """A value that cannot be taken, for a message: an address without its password."""
    if isinstance(value, str) and "://" in value and "@" in value:
        from functions_framework.stores.urls import shown

        return repr(shown(value))
    return repr(value)


class InvalidSettingException(InvalidConfigurationException):
    """A variable holds what its option cannot take; refused like a bad flag."""

    exit_code = 2


class InvalidNumberException(InvalidSettingException):
    """A variable that only the server reads holds no usable number.

    Its exit code is that of a failed start, as it was when the server itself parsed them.
    """

    exit_code = 1


def declare(  # noqa: PLR0913 - what an option has
    flag: str,
    variable: str,
    parse: Callable[[str], Any],
    *,
    default: Any,
    help: str,  # noqa: A002 - the word the field uses
    group: str = "Server",
    is_lenient: bool = False,
    older_variable: str | None = None,
    platform_variable: str | None = None,
    error: type[InvalidSettingException] | None = None,
) -> Any:
    """Declare a field of `Settings` with the option it is given by; arguments as in `Option`."""
    others = older_variable, platform_variable
    option = Option(flag, variable, parse, help, group, is_lenient, *others, error)
    return field(default=default, metadata={"option": option})
