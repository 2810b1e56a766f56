"""Records as lines for people: time, level, call, logger, message, traceback."""

from __future__ import annotations

import logging
import re
import sys
import time

from functions_framework.runtime.escaping import printable_lines

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

    def format(self, record: logging.LogRecord) -> str:
        """The record with its traceback."""
        text = super().format(record)
        if text.isprintable():
            return text
        if sys.stderr is not None and sys.stderr.isatty():
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
        return f"{self._second[1]} {record.levelname:<7} {call}{record.name}: {record.message}"
