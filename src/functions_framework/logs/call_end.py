"""What is written when a call has ended: text it left unfinished, a line about the request.

Under --debug the call itself is told, for the console.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from functions_framework.model.execution import execution
from functions_framework.runtime.terminal import is_seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.execution import Execution
    from functions_framework.settings import Settings


class CallEnd:
    """Ends calls; called by the server after the last byte of each response, in the call's context.

    Args:
        log: writes a line about the request; None where none is asked for.
    """

    def __init__(self, log: Callable[[str, str, int, int, float, Execution | None], None] | None):
        self._log = log

    def __call__(  # noqa: PLR0913, PLR0917 - the columns of the log
        self,
        method: str,
        path: str,
        status: int,
        size: int,
        seconds: float,
        is_probe: bool = False,  # noqa: FBT001, FBT002 - by its name it would take longer
    ) -> None:
        """Write what there is to write, and leave the call's context; arguments as `log_access`.

        `is_probe` leaves a request out of it.
        """
        running = execution.get()
        if running is not None and running.unfinished:
            from .streams import flush_call

            flush_call(running)
        if running is not None and running.at_end is not None:
            running.at_end(seconds)
        if self._log is not None and not is_probe and not (running and running.is_quiet):
            self._log(method, path, status, size, seconds, running)
        # A thread that serves many calls must not lend this one's id to what it does in between.
        execution.set(None)


def call_end(settings: Settings) -> CallEnd | None:
    """What the server calls at the end of each call, None when there is nothing to do."""
    if settings.access_log:
        from .access import log_access

        return CallEnd(log_access)
    if settings.is_reloading and is_seen():
        from .configuration import is_json

        if not is_json(settings, os.environ):
            from .request_lines import show_request

            return CallEnd(show_request)
    return CallEnd(None) if settings.log_execution_id or settings.debug else None
