"""The last seconds of a worker: what is still running, and how long it is waited for."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.endings import SHORTLY, finish_threads
from functions_framework.runtime.escaping import own_logger

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from ..on_threads.admission import Running

_log = own_logger("functions_framework.server")
_MOST_NAMED = 100
"""Calls that are logged one by one at the end: to write takes time that shut-down hooks need."""
_LONGEST_WAY_OUT = 3.0


def count_threads_of_calls() -> None:
    """Have threads that calls start be waited for as any others are, unless they're daemons.

    To `threading` those of the engine are daemons, and each thread is what its starter is.
    """
    engines: Any = threading._DummyThread  # noqa: SLF001
    engines.daemon = False
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_become_main)


def _become_main() -> None:
    """Make the thread that has forked the main one there, as later versions of Python do.

    As a dummy it fails where the process ends: one of `multiprocessing` exited with 1.
    """
    main: Any = threading.main_thread()
    kinds: Any = threading
    if isinstance(main, kinds._DummyThread):  # noqa: SLF001
        main.__class__ = kinds._MainThread  # noqa: SLF001
        main.name = "MainThread"
        main._daemonic = False  # noqa: SLF001
        main._set_tstate_lock()  # noqa: SLF001


def end_threads(settings: Settings, until: float) -> None:
    """Give what functions left to threads the rest of the grace period, and name what is cut off.

    A developer who has changed the source waits for nothing that goes on for ever.
    """
    most = SHORTLY if settings.is_reloading else settings.grace_period
    left = finish_threads(min(most, max(SHORTLY, until - time.monotonic())))
    if left:
        names = ", ".join(left[:_MOST_NAMED])
        _log.warning("Threads of the functions were ended at shutdown: %s.", names)


def log_left(name: str, left: list[Running], grace: float, until: float) -> None:
    """Name the calls that are cut off.

    Args:
        name: of the function.
        left: the calls.
        grace: seconds they had.
        until: `time.monotonic()` seconds at which those were over.
    """
    if left:
        _leave_in_time(until)
    for call in left[:_MOST_NAMED]:
        _log.error(
            "%s: %s was ended at shutdown: it had been running for %.1f seconds, "
            "the grace period is %g.",
            name,
            call.path,
            call.seconds,
            grace,
        )
    if len(left) > _MOST_NAMED:
        _log.error("%s: %d more calls were ended at shutdown.", name, len(left) - _MOST_NAMED)


def _leave_in_time(until: float) -> None:
    """End this process soon: a call that cannot be ended may hold a lock that the way out needs."""

    def leave() -> None:
        time.sleep(max(0.0, until - time.monotonic()) + _LONGEST_WAY_OUT)
        os._exit(1)

    threading.Thread(target=leave, name="way-out", daemon=True).start()
