"""What is written when a call has ended: text it left unfinished, its line of the access log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.model.execution import execution

from .access import log_access

if TYPE_CHECKING:
    from functions_framework.settings import Settings


class CallEnd:
    """Ends calls; called by the server after the last byte of each answer, in the call's context.

    Args:
        is_logged: whether the access log is on.
    """

    def __init__(self, *, is_logged: bool) -> None:
        self._is_logged = is_logged

    def __call__(  # noqa: PLR0913 - the columns of the log
        self,
        method: str,
        path: str,
        status: int,
        size: int,
        seconds: float,
        *,
        is_probe: bool = False,
    ) -> None:
        """Write what there is to write, and leave the call's context; arguments as `log_access`.

        `is_probe` leaves a request out of the access log.
        """
        running = execution.get()
        if running is not None and running.unfinished:
            from .streams import flush_call

            flush_call(running)
        if self._is_logged and not is_probe:
            log_access(method, path, status, size, seconds, running)
        # A thread that serves many calls must not lend this one's id to what it does in between.
        execution.set(None)


def call_end(settings: Settings) -> CallEnd | None:
    """What the server calls at the end of each call, None when there is nothing to do."""
    if settings.log_execution_id or settings.access_log:
        return CallEnd(is_logged=settings.access_log)
    return None
