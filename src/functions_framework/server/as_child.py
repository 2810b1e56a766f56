"""Serving in a child process that its parent starts anew on changes, where there is no fork."""

from __future__ import annotations

import marshal

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime import terminal
from functions_framework.runtime.endings import end_process
from functions_framework.settings import Settings, options

from .parent.in_process import serve_in_process
from .wire import listening
from .worker.build import of_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def serve_as_child(given: str) -> NoReturn:
    """Serve in this process, and end it.

    Args:
        given: the settings, written by the parent.
    """
    values = marshal.loads(bytes.fromhex(given))  # noqa: S302 - of our own process
    known = options()
    settings = Settings(
        **{
            name: known[name].parse(value) if isinstance(value, str) else value
            for name, value in values.items()
        }
    )
    try:
        with listening.bind_as_set(settings) as listener:
            code = serve_in_process(settings, of_target(settings), listener)
    except FunctionsFrameworkException as error:
        code = terminal.tell(error)
    end_process(code)
