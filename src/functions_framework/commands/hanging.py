"""Ends a load that does not end by itself, and says where it hangs."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def limited(
    seconds: float, then: Callable[[str, int | None], None], source: Path
) -> Iterator[None]:
    """Call `then` from another thread where the block takes longer.

    Args:
        seconds: how long it may take, 0 for any time.
        then: is told where the block hangs, as the end of a sentence, and the line of the source.
        source: the file that is loaded.
    """
    if not seconds:
        yield
        return
    loading = threading.get_ident()
    timer = threading.Timer(seconds, lambda: then(*_place(loading, source)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _place(thread: int, source: Path) -> tuple[str, int | None]:
    """Where a thread is, and the line of the source that led there."""
    innermost: FrameType | None = sys._current_frames().get(thread)  # noqa: SLF001 - documented
    frame, line = innermost, None
    while frame is not None and line is None:
        if frame.f_code.co_filename == str(source):
            line = frame.f_lineno
        frame = frame.f_back
    if innermost is None:
        return "an unknown place", None
    code = innermost.f_code
    name = "the module" if code.co_name == "<module>" else f"{code.co_name}()"
    return f"{name} in {Path(code.co_filename).name}:{innermost.f_lineno}", line
