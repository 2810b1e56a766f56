"""The records of calls past their deadline, written by a thread of their own.

What ends late calls must never wait for a handler of the user's, or fail with it: it only notes
what there is to say. A handler that blocks keeps back records, and nothing else.
"""

from __future__ import annotations

import threading
import traceback
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.escaping import Lines, own_logger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_log = own_logger("functions_framework.server")
_MOST_WAITING = 1000
"""Records that may wait for a handler that blocks; more are dropped."""

Place = tuple[str, int, str, None]
"""File, line, function, and no text of the line: that is read when it is written."""


def places_of(frames: Iterable[FrameType]) -> list[Place]:
    """Where a thread is, outermost first; `frames` are innermost first."""
    found = [
        (frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None) for frame in frames
    ]
    return found[::-1]


class LateCalls:
    """Takes note of late calls, and of what else is to be said of them, without ever waiting.

    Args:
        seconds: how long each call may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: SimpleQueue[tuple[Any, Any, list[Place]]] = SimpleQueue()
        self._is_started = False

    def start(self) -> None:
        """Start the thread, for as long as the process lives."""
        if not self._is_started:
            self._is_started = True
            threading.Thread(target=self._write, name="late-calls", daemon=True).start()

    def note(self, method: Any, path: Any, places: list[Place]) -> None:
        """One record, to be written soon.

        Args:
            method: of the request.
            path: of the request.
            places: where the call was, outermost first.
        """
        if self._waiting.qsize() < _MOST_WAITING:
            self._waiting.put((method, path, places))

    def _write(self) -> None:
        while True:
            method, path, places = self._waiting.get()
            try:
                stack = traceback.StackSummary.from_list(places)
                _log.error(
                    "%s %s ran past its deadline of %g seconds and was ended here:\n%s",
                    method,
                    path,
                    self._seconds,
                    Lines("".join(stack.format()).rstrip()),
                )
            except BaseException:  # noqa: BLE001 - of a handler or a filter of the user's
                with suppress(BaseException):
                    traceback.print_exc()
