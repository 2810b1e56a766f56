"""Ends the sync calls that are left when the grace period is over, as far as threads can be ended.

Their threads are found by what they run, so that nothing is kept of a call for this.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestTimeoutException

from ..wire.endings import ENDED
from ..wire.gate import answer
from .thread_exceptions import raise_in

if TYPE_CHECKING:
    from types import CodeType, FrameType

_SECONDS = 0.25
"""Seconds that interrupted calls have to clean up and answer."""

_STEP_SECONDS = 0.01
_FLUSH_SECONDS = 0.05


def interrupt(serving: CodeType) -> None:
    """Raise `RequestTimeoutException` in every thread that serves a call; answer who is left.

    What sits in a blocking call of C code does not notice: its client is answered from here.

    Args:
        serving: the code that serves one call; it has the engine's `protocol` and the `method`.
    """
    for thread in _protocols(serving):
        raise_in(thread, RequestTimeoutException)
    until = time.monotonic() + _SECONDS
    while (left := _protocols(serving)) and time.monotonic() < until:
        time.sleep(_STEP_SECONDS)
    for protocol, method in left.values():
        answer(protocol, ENDED, method, "HTTP/1.1")
    time.sleep(_FLUSH_SECONDS)


def _protocols(serving: CodeType) -> dict[int, tuple[Any, str]]:
    """What answers the clients of the calls in progress, and their methods, by thread."""
    found = {}
    for thread, innermost in sys._current_frames().items():  # noqa: SLF001 - documented, for debuggers
        frame: FrameType | None = innermost
        while frame is not None and frame.f_code is not serving:
            frame = frame.f_back
        if frame is not None and "method" in frame.f_locals:
            found[thread] = frame.f_locals["protocol"], frame.f_locals["method"]
    return found
