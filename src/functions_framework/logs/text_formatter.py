"""Records as lines for people: time, level, call, logger, message, traceback."""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.escaping import printable, printable_lines
from functions_framework.runtime.terminal import RED, YELLOW, coloured, has_colours, is_seen

from .context import Seconds, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.execution import Execution

# What only the first line of a record begins with.
_BEGINNING = re.compile(r"\n(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )")
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")


class TextFormatter(logging.Formatter):
    """Formats a record as `2026-01-31 14:03:22 INFO    4f1c2a9b03de main: message`.

    The call's id is left out outside a call. Times are local. A further line of a message that
    begins as a record does is indented: nobody can write a record into another. What a terminal
    would obey is escaped, but for colours where there is a terminal.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seconds = Seconds(_local)
        self._request_seconds = Seconds(self._request_beginning)
        self._levels = {}
        if has_colours():
            self._levels = {
                name: coloured(f"{name:<7}", colour)
                for name, colour in (("WARNING", YELLOW), ("ERROR", RED), ("CRITICAL", RED))
            }

    def format(self, record: logging.LogRecord) -> str:
        """The record with its traceback."""
        text = super().format(record)
        if text.isprintable():
            return text
        if self._levels or is_seen():
            parts = _COLOUR.split(text)
            parts[::2] = map(printable_lines, parts[::2])
            text = "".join(parts)
        else:
            text = printable_lines(text)
        return _BEGINNING.sub("\n  ", text)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The first line; the traceback follows it as in any format."""
        call = origin_of(record)[0]
        call = f" {call}" if call else ""
        beginning = self._beginning(record.created, record.levelname)
        return f"{beginning}{call} {record.name}: {record.message}"

    def format_request(
        self,
        name: str,
        text: str,
        running: Execution | None,
        _fields_of: Callable[..., dict[str, Any]],
        _told: tuple[Any, ...],
    ) -> str:
        """What `format` makes of a record about a request; arguments as of `JsonFormatter`'s.

        Nothing is left to escape in any of them.
        """
        beginning = self._request_seconds.text_of(time.time())
        call = "" if running is None else running.execution_id
        if not call:
            return f"{beginning} {name}: {text}"
        if not call.isalnum():
            call = printable(call)
        return f"{beginning} {call} {name}: {text}"

    def _beginning(self, created: float, level: str) -> str:
        shown = self._levels.get(level) or level.ljust(7)
        return f"{self._seconds.text_of(created)} {shown}"

    def _request_beginning(self, second: float) -> str:
        # A level that is renamed shows it from the next second on.
        return self._beginning(second, logging.getLevelName(logging.INFO))


def _local(second: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))
