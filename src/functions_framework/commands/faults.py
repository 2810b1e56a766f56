"""What ends a sub-command: a fault of its arguments (exit code 2), told in one line."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import FunctionsFrameworkException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class BadInput(FunctionsFrameworkException):
    """The command cannot do what it was asked to; nothing was written."""

    exit_code = 2


@contextmanager
def as_bad_input() -> Iterator[None]:
    """Let what cannot be loaded count as a fault of the arguments that named it."""
    try:
        yield
    except BadInput:
        raise
    except FunctionsFrameworkException as error:
        raise BadInput(str(error)) from error


def read_json(text: str | bytes, what: str) -> Any:
    """The value of a JSON text.

    Args:
        text: what was given.
        what: where it comes from, for the message.

    Raises:
        BadInput: it is not JSON; the message names line and column.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{what} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{what} is not JSON: byte {error.start} is not UTF-8.") from None
    except RecursionError:
        raise BadInput(f"{what} is JSON that is nested too deeply.") from None


def option_meant(name: str, flags: Iterable[str]) -> str:
    """What to type instead of an option that isn't there; empty where nothing is near.

    Args:
        name: the option; of one letter it may be short for any that begins with it.
        flags: those that there are.
    """
    if len(name) == 2:
        begun = [flag for flag in flags if flag.startswith(f"--{name[1].lower()}")]
        close = sorted(begun, key=lambda flag: flag != "--help")[:3]
    else:
        import difflib

        close = difflib.get_close_matches(name, flags, n=1)
    return f" Did you mean {' or '.join(close)}?" if close else ""


def known_platform(name: str) -> str:
    """The platform of a name.

    Raises:
        BadInput: there is none; the text names the one that is most like it, and all.
    """
    from functions_framework.deployment.platforms import PLATFORMS

    if name in PLATFORMS:
        return name
    import difflib

    close = difflib.get_close_matches(name.lower().replace("_", "-"), PLATFORMS, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise BadInput(f"No platform {name!r}. {hint}There are: {', '.join(PLATFORMS)}.")
