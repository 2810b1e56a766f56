"""Ends the sync calls that are left when the grace period is over, as far as threads can be ended.

Their threads are found by what they run, so that nothing is kept of a call for this.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.runtime.interruption import Interruption, frames_until

from ..wire.endings import ENDED
from ..wire.gate import answer

if TYPE_CHECKING:
    from types import CodeType

_SECONDS = 0.25
"""Seconds that interrupted calls have to clean up and answer."""

_STEP_SECONDS = 0.01
_FLUSH_SECONDS = 0.15


def end_left(serving: CodeType) -> None:
    """Raise `RequestTimeoutException` in every thread that serves a call; answer who is left.

    What sits in a blocking call of C code, or where it must not be interrupted, does not notice:
    its client is answered from here.

    Args:
        serving: the code that serves one call; it has the engine's `protocol` and the `method`.
    """
    calls: dict[int, Interruption] = {}
    until = time.monotonic() + _SECONDS
    while (left := _protocols(serving)) and time.monotonic() < until:
        for thread in left:
            if thread not in calls:
                calls[thread] = Interruption(thread, [None], serving, RequestTimeoutException)
            calls[thread].attempt()
        time.sleep(_STEP_SECONDS)
    for protocol, method in left.values():
        answer(protocol, ENDED, method, "HTTP/1.1")
    time.sleep(_FLUSH_SECONDS)


def _protocols(serving: CodeType) -> dict[int, tuple[Any, str]]:
    """What answers the clients of the calls in progress, and their methods, by thread."""
    found = {}
    for thread, innermost in sys._current_frames().items():  # noqa: SLF001 - documented, for debuggers
        frames = frames_until(innermost, serving)
        if frames and "method" in frames[-1].f_locals:
            known = frames[-1].f_locals
            found[thread] = known["protocol"], known["method"]
    return found
