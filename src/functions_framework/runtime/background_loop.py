"""An event loop in a thread of its own, for the async code that surrounds sync functions.

Async hooks and middleware of a server that otherwise runs in threads share this one loop, so that
what one of them opened another can use. It is started when it is first needed.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def running() -> asyncio.AbstractEventLoop:
    """The loop, started now if it is not running."""
    global _loop  # noqa: PLW0603 - one a process
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_serve, args=(_loop,), name="side-loop", daemon=True)
            thread.start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    is_stopped = False
    while not is_stopped:
        # An exit in a task leaves the loop, too; whoever waits for the task has it as well.
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
            is_stopped = True
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def stop() -> None:
    """Stop and close the loop if it was started; its thread ends with it."""
    global _loop  # noqa: PLW0603 - one a process
    with _lock:
        if _loop is not None and not _loop.is_closed():
            _loop.call_soon_threadsafe(_loop.stop)
        _loop = None


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result."""
    return asyncio.run_coroutine_threadsafe(coroutine, running()).result()
