"""A line on the terminal where something takes longer than a second, so that nobody wonders."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECONDS = 1.0


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Say once on a terminal's stderr what is going on, if the block takes over a second.

    One whole line, never rewritten: the block may ask for input (`breakpoint()`) meanwhile.

    Args:
        what: what is going on, such as `calling hello`.
    """
    if not sys.stderr.isatty():
        yield
        return

    def say() -> None:
        print(f"… still {what} (Ctrl-C ends it)", file=sys.stderr, flush=True)  # noqa: T201

    timer = threading.Timer(PATIENCE_SECONDS, say)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
