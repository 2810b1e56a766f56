"""What raised, as the console shows it: the frames with the lines around them."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.loading.files import is_users
from functions_framework.logs.crash import folded, traceback_text

if TYPE_CHECKING:
    from traceback import FrameSummary

_AROUND = 3
_MOST_FRAMES = 30
_LONGEST = 32 * 1024


def fault_of(error: BaseException) -> dict[str, Any]:
    """An exception in JSON's terms: type, message, frames from the outermost on, and its text."""
    stack = folded(error).stack[-_MOST_FRAMES:]
    return {
        "type": type(error).__name__,
        "message": str(error)[:_LONGEST],
        "frames": [_frame(frame) for frame in stack],
        "text": traceback_text(error)[-_LONGEST:],
    }


def _frame(frame: FrameSummary) -> dict[str, Any]:
    line = frame.lineno or 0
    file = Path(frame.filename)
    is_own = file.is_file() and is_users(file)
    numbers = range(max(1, line - _AROUND), line + _AROUND + 1) if is_own else (line,)
    found = ((number, linecache.getline(frame.filename, number)) for number in numbers if number)
    return {
        "file": frame.filename,
        "line": line,
        "function": frame.name,
        "own": is_own,
        "code": [(number, text.rstrip("\n")) for number, text in found if text],
    }
