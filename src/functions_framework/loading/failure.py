"""How an exception that ended the loading of a source is written down: the user's frames only."""

from __future__ import annotations

import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime.escaping import printable_lines

if TYPE_CHECKING:
    from types import TracebackType

_PACKAGE = str(Path(__file__).parents[1])


def load_failure_text(error: BaseException) -> str:
    """A traceback without the framework's frames; the framework's own errors are one line.

    Args:
        error: what was raised.

    Returns:
        Lines without a newline at the end, and with nothing in them that a terminal obeys.
    """
    if isinstance(error, FunctionsFrameworkException):
        return printable_lines(str(error))
    if isinstance(error, SystemExit):
        return printable_lines(_ended(error))
    if isinstance(error, EOFError) and (cut := _cut_byte_code(error.__traceback__)):
        return printable_lines(f"{cut} is cut short, as after a disk was full. Remove it.")
    shown = traceback.format_exception(type(error), error, users_part(error.__traceback__))
    return printable_lines("".join(shown).rstrip("\n"))


def show_load_failure(error: BaseException) -> None:
    """Write it to stderr, or leave that to who has set a hook for exceptions that end a program.

    Those who watch programs (Sentry) hear of it there, as of one that Python ends with.

    Args:
        error: what was raised.
    """
    is_said_here = isinstance(error, SystemExit) or _cut_byte_code(error.__traceback__)
    if sys.excepthook is not sys.__excepthook__ and not is_said_here:
        with suppress(Exception):
            error.__traceback__ = users_part(error.__traceback__)
            sys.excepthook(type(error), error, error.__traceback__)
            return
    print(load_failure_text(error), file=sys.stderr)  # noqa: T201


def _cut_byte_code(trace: TracebackType | None) -> str:
    """The file of byte code that an import could not read to its end; Python names it nowhere."""
    found = ""
    for frame, _ in traceback.walk_tb(trace):
        if frame.f_code.co_filename == "<frozen importlib._bootstrap_external>":
            found = frame.f_locals.get("bytecode_path") or found
    return found


def _ended(error: SystemExit) -> str:
    trace = users_part(error.__traceback__)
    file = Path(trace.tb_frame.f_code.co_filename).name if trace else "The source"
    line = f":{trace.tb_lineno}" if trace else ""
    code = error.code or 0
    return f"{file}{line} ended the process by sys.exit({code!r}) while it was loaded."


def users_part(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not the framework's; all of it if there is none.

    A syntax error has no frame of its own file: then the frames of the import are left out too.
    """
    found = trace
    while found is not None:
        name = found.tb_frame.f_code.co_filename
        if not name.startswith((_PACKAGE, "<frozen importlib")):
            return found
        found = found.tb_next
    return None
