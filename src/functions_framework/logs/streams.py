"""Standard streams that write one JSON record for what a call prints (`LOG_EXECUTION_ID`).

Each stream is wrapped once for the whole process; which call writes is read from the context. Text
written outside a call passes through unchanged.
"""

from __future__ import annotations

import io
import sys
import threading
from typing import Any, TextIO

from functions_framework.model.execution import Execution, execution
from functions_framework.runtime import checkpoints

from .records import encode, encode_ascii, object_in, project_of_platform, put_origin

# Text without a line's end is not kept for ever; platforms cut entries at 256 KB.
_LONGEST = 1 << 16
_first_line = threading.Lock()


class RecordStream:
    """A text stream that writes what a call prints as records.

    A record ends with the write that ends a line, so that `print(a, b)` is one record and so is a
    text of several lines given to one `print`. Unfinished text becomes a record when the stream is
    flushed, when the call or the thread that wrote it ends, or when it gets too long. A text that
    is a JSON object is the record itself. Everything but writing is the wrapped stream's own.

    Attributes:
        original: the stream wrapped.
    """

    def __init__(self, original: TextIO) -> None:
        self.original = original
        self._project = project_of_platform()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def write(self, text: str) -> int:
        """Write text; returns its length."""
        if checkpoints.questions:
            checkpoints.ask_here()
        running = execution.get()
        if running is None or not isinstance(text, str):
            return self.original.write(text)
        key = (self, threading.get_ident())
        lines = running.unfinished
        if text[-1:] == "\n":
            begun = lines.pop(key, None) if lines else None
            self.emit(begun.getvalue() + text if begun else text, running)
        elif text:
            begun = _begun(running, key)
            begun.write(text)
            if begun.tell() > _LONGEST:
                self.flush()
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Write each text."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what this thread has not finished in this call, and push it out."""
        running = execution.get()
        if running is not None and running.unfinished:
            begun = running.unfinished.pop((self, threading.get_ident()), None)
            if begun is not None:
                self.emit(begun.getvalue(), running)
        self.original.flush()

    def emit(self, text: str, running: Execution) -> None:
        """Write a text, without its final line end, as a record; blank text is dropped."""
        text = text.removesuffix("\n")
        if not text or text.isspace():
            return
        fields = object_in(text) or {"message": text}
        put_origin(fields, running.execution_id, running.trace, self._project)
        try:
            self.original.write(f"{encode(fields)}\n")
        except UnicodeEncodeError:
            self.original.write(f"{encode_ascii(fields)}\n")
        self.original.flush()


io.TextIOBase.register(RecordStream)


def _begun(running: Execution, key: tuple[RecordStream, int]) -> io.StringIO:
    if running.unfinished is None:
        with _first_line:  # two threads of one call may both be the first
            if running.unfinished is None:
                running.unfinished = {}
    begun: io.StringIO = running.unfinished.setdefault(key, io.StringIO())
    return begun


def install() -> None:
    """Wrap the standard streams of this process, once."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None and not isinstance(stream, RecordStream):
            setattr(sys, name, RecordStream(stream))


def flush_call(running: Execution) -> None:
    """Write what a call printed and did not finish; a host calls it when the call has ended.

    Worth calling only if `running.unfinished`, which stays None while no stream is wrapped.
    """
    lines = running.unfinished
    while lines:
        try:
            (stream, _), begun = lines.popitem()
        except KeyError:  # a thread of the call has just finished the last one
            return
        stream.emit(begun.getvalue(), running)


def flush_thread(running: Execution) -> None:
    """Write what this thread printed for a call and did not finish."""
    lines = running.unfinished or {}
    for key in [key for key in list(lines) if key[1] == threading.get_ident()]:
        begun = lines.pop(key, None)
        if begun is not None:
            key[0].emit(begun.getvalue(), running)
