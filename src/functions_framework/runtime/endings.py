"""Ending a process that threads of the engine live in.

The interpreter ends threads that want its lock while it is taken down. Those of the engine are in
Rust, which must not be unwound: the process would be aborted now and then.
"""

from __future__ import annotations

import atexit
import os
import sys
import time

from . import output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread
    from typing import NoReturn


SHORTLY = 0.3
"""Seconds in which threads with nothing to do end."""


def finish_threads(seconds: float) -> list[str]:
    """Let the threads end that the interpreter waits for; return the names of those still running.

    It does so before it calls what was registered for the exit, which counts on that: executors
    tell their processes to end here, for which multiprocessing waits there.

    Args:
        seconds: how long to wait at most.
    """
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    from .native_threads import are_replaced

    if are_replaced():
        return []  # coroutines, of threads that are gone
    until = time.monotonic() + seconds

    def end_executors() -> None:
        for end in reversed(getattr(threading, "_threading_atexits", [])):
            end()

    def still_running() -> list[Thread]:
        # Not `daemon`, which threads of calls hide from those they start.
        return [
            one
            for one in threading.enumerate()
            if one is executors or not (one._daemonic or one is threading.main_thread())  # noqa: SLF001
        ]

    executors = threading.Thread(target=end_executors, name="executors", daemon=True)
    executors.start()
    while running := still_running():
        left = until - time.monotonic()
        if left <= 0:
            return [one.name for one in running if one is not executors]
        running[0].join(left)
    return []


def wind_up() -> None:
    """Call what was registered for the exit, and send what is buffered: `os._exit` does not."""
    atexit._run_exitfuncs()  # noqa: SLF001 - nothing else calls them
    output.flush()


def end_process(code: object) -> NoReturn:
    """End this process as `sys.exit` would, but without taking the interpreter down.

    Args:
        code: as of `SystemExit`: a number, None for 0, or a text that is shown.
    """
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)  # noqa: T201 - what the interpreter would do
    number = code if isinstance(code, int) else 0 if code is None else 1
    finish_threads(SHORTLY)
    wind_up()
    os._exit(number)
