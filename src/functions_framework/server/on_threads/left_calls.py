"""Ends the sync calls that are left when the grace period is over, as far as threads can be ended.

Their threads are found by what they run, so that nothing is kept of a call for this.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.interruption import Interruption, frames_until

from ..wire.gate import answer
from ..wire.own_replies import ENDED
from .body import Body
from .large_bodies import LargeBodies
from .sources import Collected

if TYPE_CHECKING:
    from threading import Event
    from types import CodeType

    from ..wire.interfaces import Answering

_log = own_logger("functions_framework.server")
_SECONDS = 0.5
"""Seconds that interrupted calls have to clean up and answer."""

_STEP_SECONDS = 0.01
_WAITING = frozenset(
    found.__code__
    for found in (Body._receive, Collected.read, LargeBodies.send)  # noqa: SLF001 - where it waits
)
_FLUSH_SECONDS = 0.3
"""Seconds that the responses have to leave the engine."""


def end_left(serving: CodeType, finished: Event) -> None:
    """Raise `RequestTimeoutException` in every thread that serves a call; answer who is left.

    What sits in a blocking call of C code, or where it must not be interrupted, does not notice:
    its client is answered from here.

    Args:
        serving: the code that serves one call; it has the engine's `protocol` and the `method`.
        finished: set when the engine, told to stop, has sent everything.
    """
    failure = None
    try:
        _interrupt(serving)
    except Exception as error:  # noqa: BLE001 - logged after the responses: other threads may slow it
        failure = error
    for call in _calls(serving).values():
        answer(call.protocol, ENDED, call.method, "HTTP/1.1")
    finished.wait(_FLUSH_SECONDS)
    if failure is not None:
        _log.error("The calls that are left could not be ended.", exc_info=failure)


def _interrupt(serving: CodeType) -> None:
    calls: dict[int, Interruption] = {}
    until = time.monotonic() + _SECONDS
    while (left := _calls(serving)) and time.monotonic() < until:
        for thread, call in left.items():
            # Each attempt takes a look at all threads, of which slow clients may hold a thousand.
            if call.waits_for_its_client or time.monotonic() > until:
                continue
            if thread not in calls:
                calls[thread] = Interruption(thread, [None], serving, RequestTimeoutException)
            calls[thread].attempt()
        time.sleep(_STEP_SECONDS)


class _Call(NamedTuple):
    """A call in progress.

    Attributes:
        protocol: answers its client.
        method: of its request.
        waits_for_its_client: whether its thread is in the engine, where nothing reaches it.
    """

    protocol: Answering
    method: str
    waits_for_its_client: bool


def _calls(serving: CodeType) -> dict[int, _Call]:
    """The calls in progress, by thread."""
    found = {}
    for thread, innermost in sys._current_frames().items():  # noqa: SLF001 - documented, for debuggers
        frames = frames_until(innermost, serving)
        if frames and "method" in frames[-1].f_locals:
            known = frames[-1].f_locals
            code = innermost.f_code
            is_sending = code.co_name == "_send" and code.co_filename == serving.co_filename
            waits = is_sending or code in _WAITING
            found[thread] = _Call(known["protocol"], known["method"], waits)
    return found
