"""Records as lines for people: time, level, call, logger, message, traceback."""

from __future__ import annotations

import logging
import re
import time

from functions_framework.runtime.escaping import printable_lines
from functions_framework.runtime.terminal import RED, YELLOW, coloured, has_colours, is_seen

from .context import origin_of

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
        self._second = (0, "")
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
        second = int(record.created)
        if self._second[0] != second:
            self._second = (second, time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second)))
        execution_id = origin_of(record)[0]
        call = f"{execution_id} " if execution_id else ""
        level = self._levels.get(record.levelname) or f"{record.levelname:<7}"
        return f"{self._second[1]} {level} {call}{record.name}: {record.message}"
