"""Threads of the server's own, which stay threads where a library has replaced those of Python.

`gevent.monkey.patch_all()` makes a new thread a coroutine of the thread that started it.
What watches calls must not wait for one of them, nor hold all of them up.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event


def start_thread(run: Callable[[], object], name: str) -> None:
    """Run something on a thread of its own, which ends with the process at the latest."""
    if are_replaced():
        begin = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        begin(_run_and_leave, (run,))
    else:
        threading.Thread(target=run, name=name, daemon=True).start()


def _run_and_leave(run: Callable[[], object]) -> None:
    """Run something, and close what gevent has opened in this thread for its waiting."""
    try:
        run()
    finally:
        sys.modules["gevent"].get_hub().destroy(destroy_loop=True)


def wait_for(event: Event, seconds: float, meanwhile: Callable[[], object]) -> None:
    """Wait for ever, and call something every so many seconds, at least.

    The pieces are short where signals interrupt no wait, or gevent wants an end of it.
    """
    while not event.wait(0.2 if sys.platform == "win32" or are_replaced() else seconds):
        meanwhile()


def are_replaced() -> bool:
    """Whether new threads aren't among the system's."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("_thread"))
