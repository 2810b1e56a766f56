"""How an exception that ended the loading of a source is written down: the user's frames only."""

from __future__ import annotations

import traceback
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
        return f"The source called sys.exit({error.code!r}) while it was loaded."
    shown = traceback.format_exception(type(error), error, _users_part(error.__traceback__))
    return printable_lines("".join(shown).rstrip("\n"))


def _users_part(trace: TracebackType | None) -> TracebackType | None:
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
