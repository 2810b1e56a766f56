"""What sub-commands write to standard output and error, in colour where that is seen."""

from __future__ import annotations

import errno
import os
import sys
from typing import NoReturn

import click

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime.terminal import are_colours_welcome


class OutputFailed(FunctionsFrameworkException):
    """Standard output takes nothing: the disk is full, or nobody opened it."""


def styled(text: str, colour: str) -> str:
    """A text in a colour, plain where nobody wants one; `click` takes it out of pipes and files."""
    return click.style(text, fg=colour) if are_colours_welcome() else text


def is_terminal() -> bool:
    """Whether a person reads standard output, and not a program."""
    return sys.stdout is not None and sys.stdout.isatty()


def write(content: str | bytes, *, has_end: bool = True) -> None:
    """Write to standard output.

    Args:
        content: text, or bytes as they are.
        has_end: whether a line end follows.

    Raises:
        OutputFailed: it cannot be written.
        BrokenPipeError: who read it has left, which `click` takes for the end of the command.
    """
    if sys.stdout is None:
        _fail("it is closed")
    try:
        click.echo(content, nl=has_end)
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        # What is still in the buffer would fail once more at the end of the interpreter.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(error.strerror or str(error))


def _fail(reason: str) -> NoReturn:
    raise OutputFailed(f"Standard output cannot be written: {reason}.")
