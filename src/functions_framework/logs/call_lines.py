"""What each call logs and prints, kept on the call; only installed where somebody asks for it.

Records are taken where they are made, so whatever the user's logging does with them is left as it
is. Both streams go on writing as before.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
import traceback
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.execution import execution

from .access import LOGGER as ACCESS
from .crash import LOGGER as CRASHES

if TYPE_CHECKING:
    from functions_framework.model.execution import Execution

MOST = 200
"""Lines that are kept of a call."""

LONGEST = 4096
"""Characters that are kept of a line."""

# What writes log records to a stream, which are kept already, and the lines about requests.
_WRITERS = frozenset({
    "logging", "functions_framework.logs.handler", "functions_framework.logs.request_lines",
})  # fmt: skip
_first_line = Lock()


class Line(NamedTuple):
    """One line of a call.

    Attributes:
        time: seconds since the epoch.
        level: a log level, or the name of a stream.
        origin: who wrote it: a logger, with file and line; empty for what was printed.
        text: what was written.
    """

    time: float
    level: str
    origin: str
    text: str


class Lines:
    """The lines of one call, in the order they were written.

    Attributes:
        dropped: how many more there were than are kept.
    """

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._begun: dict[str, str] = {}
        self.dropped = 0

    def add(self, level: str, origin: str, text: str) -> None:
        """Keep a line."""
        if len(self._lines) >= MOST:
            self.dropped += 1
        else:
            self._lines.append(Line(time.time(), level, origin, text[:LONGEST]))

    def write(self, stream: str, text: str) -> None:
        """Keep what was printed: each line once it has ended."""
        *whole, rest = (self._begun.pop(stream, "") + text).split("\n")
        for line in whole:
            self.add(stream, "", line)
        if rest:
            self._begun[stream] = rest[:LONGEST]

    def all(self) -> list[Line]:
        """What there is by now, unfinished lines at the end."""
        begun = [Line(time.time(), stream, "", text) for stream, text in self._begun.items()]
        return [*self._lines, *begun]


def install() -> None:
    """Keep the lines of all calls from now on; once is enough."""
    make = logging.getLogRecordFactory()
    if getattr(make, "__module__", "") == __name__:
        return

    def made(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        running = execution.get()
        if running is not None and record.name != ACCESS:
            _add(_lines_of(running), record)
        return record

    logging.setLogRecordFactory(made)
    for name in ("stdout", "stderr"):
        _tap(getattr(sys, name), name)


def _lines_of(running: Execution) -> Lines:
    if running.lines is None:
        with _first_line:  # two threads of one call may both be the first
            running.lines = running.lines or Lines()
    lines: Lines = running.lines
    return lines


def _add(lines: Lines, record: logging.LogRecord) -> None:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - logging reports it when it writes the record
        text = str(record.msg)
    # The traceback of a crash is told by the call itself.
    if record.exc_info and record.exc_info[0] is not None and record.name != CRASHES:
        text += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
    place = f" {record.filename}:{record.lineno}" if record.lineno else ""
    lines.add(record.levelname.lower(), f"{record.name}{place}", text)


def _tap(stream: Any, name: str) -> None:
    write = getattr(stream, "write", None)
    if write is None:
        return

    def written(text: str) -> Any:
        count = write(text)
        running = execution.get()
        if running is not None and isinstance(text, str):
            writer = sys._getframe(1).f_globals.get("__name__")  # noqa: SLF001 - CPython and PyPy
            if writer not in _WRITERS:
                _lines_of(running).write(name, text)
        return count

    with contextlib.suppress(AttributeError):  # one of the user's own that takes no attributes
        stream.write = written
