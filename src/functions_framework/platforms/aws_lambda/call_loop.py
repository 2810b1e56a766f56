"""An event loop for one call after another, which a call that waits for nothing need not turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from functions_framework.runtime.tasks import start

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


class CallLoop(asyncio.SelectorEventLoop):
    """Runs a task's first step as a running loop would, and turns only where something is to do.

    Half the time of a short call would go into starting and stopping the loop else.
    """

    _is_stepping = False
    _has_ready = False

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Make a task that has run up to its first wait, or to its end.

        What it has begun besides has had its first turn as well where it is done: until the next
        call nothing runs.
        """
        self._has_ready = False
        self._is_stepping = True
        asyncio._set_running_loop(self)  # noqa: SLF001 - public to those who write loops
        try:
            task = start(self, work)
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
            self._is_stepping = False
        if self._has_ready and task.done():
            self.stop()  # once around
            self.run_forever()
        return task

    def is_running(self) -> bool:
        """Whether it runs, a task's first step included."""
        return self._is_stepping or super().is_running()

    def call_soon(  # type: ignore[override]  # typeshed binds the arguments
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """See `asyncio`."""
        self._has_ready = True
        return super().call_soon(callback, *args, context=context)

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """See `asyncio`."""
        self._has_ready = True
        return super().call_soon_threadsafe(callback, *args, context=context)
