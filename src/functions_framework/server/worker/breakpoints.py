"""`breakpoint()` in a function: a prompt at the terminal that nothing else of the server disturbs.

A debugger that is attached, or named by PYTHONBREAKPOINT, keeps its own way of stopping.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pdb import Pdb

_STEP_SECONDS = 2.0
_asking = threading.RLock()


class _Prompts:
    """Which calls are looked at, told to the parent when the first begins and the last ends."""

    def __init__(self, tell: Callable[[bool], object]) -> None:
        self._tell = tell
        self._open: dict[int, threading.Timer | None] = {}
        self._lock = threading.Lock()

    def open(self, prompt: int) -> None:
        """Somebody is asked."""
        with self._lock:
            was_any = bool(self._open)
            self._stop_waiting(prompt)
            self._open[prompt] = None
            if not was_any:
                self._tell(True)  # noqa: FBT003

    def step(self, prompt: int) -> None:
        """A step is made: it leads to the next prompt soon, or out of the call, untold."""
        timer = threading.Timer(_STEP_SECONDS, self.close, [prompt])
        timer.daemon = True
        with self._lock:
            if prompt in self._open:
                self._open[prompt] = timer
                timer.start()

    def close(self, prompt: int) -> None:
        """The call goes on by itself."""
        with self._lock:
            self._stop_waiting(prompt)
            if prompt in self._open:
                del self._open[prompt]
                if not self._open:
                    self._tell(False)  # noqa: FBT003

    def _stop_waiting(self, prompt: int) -> None:
        timer = self._open.get(prompt)
        if timer is not None:
            timer.cancel()


def open_prompts(tell: Callable[[bool], object]) -> None:
    """Let `breakpoint()` open a prompt of pdb at the terminal from now on.

    Args:
        tell: called with True when a prompt opens and with False when it is left.
    """
    if sys.breakpointhook is not sys.__breakpointhook__ or os.environ.get("PYTHONBREAKPOINT"):
        return

    prompts = _Prompts(tell)

    def stop(*_: Any, **__: Any) -> None:
        _prompt(prompts).set_trace(sys._getframe(1))  # noqa: SLF001 - as breakpoint() itself does

    sys.breakpointhook = stop


def _prompt(prompts: _Prompts) -> Pdb:
    # Only who stops pays for it.
    import pdb  # noqa: T100 - it is what the user asks for

    class Prompt(pdb.Pdb):
        """Asks one call at a time, and lets the server know until the call goes on."""

        def interaction(self, *arguments: Any) -> None:
            with _asking:
                prompts.open(id(self))
                super().interaction(*arguments)
                prompts.step(id(self))

        def set_continue(self) -> None:
            super().set_continue()
            prompts.close(id(self))

        def set_quit(self) -> None:
            super().set_quit()
            prompts.close(id(self))

    # What a call prints may be redirected into records; a prompt belongs on the terminal. An
    # interrupt is the parent's business: it ends the server.
    is_redirected = sys.stdout is not sys.__stdout__
    streams = {"stdin": sys.__stdin__, "stdout": sys.__stdout__} if is_redirected else {}
    return Prompt(nosigint=True, **streams)  # type: ignore[arg-type]
