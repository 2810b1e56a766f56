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

_asking = threading.RLock()
_open: set[int] = set()


def open_prompts(tell: Callable[[bool], object]) -> None:
    """Let `breakpoint()` open a prompt of pdb at the terminal from now on.

    Args:
        tell: called with True when a prompt opens and with False when it is left.
    """
    if sys.breakpointhook is not sys.__breakpointhook__ or os.environ.get("PYTHONBREAKPOINT"):
        return

    def stop(*_: Any, **__: Any) -> None:
        _prompt(tell).set_trace(sys._getframe(1))  # noqa: SLF001 - as breakpoint() itself does

    sys.breakpointhook = stop


def _prompt(tell: Callable[[bool], object]) -> Pdb:
    # Only who stops pays for it.
    import pdb  # noqa: T100 - it is what the user asks for

    class Prompt(pdb.Pdb):
        """Asks one call at a time, and lets the server know until the call goes on."""

        def interaction(self, *arguments: Any) -> None:
            with _asking:
                _note(self, tell, is_open=True)
                super().interaction(*arguments)

        def set_continue(self) -> None:
            super().set_continue()
            _note(self, tell, is_open=False)

        def set_quit(self) -> None:
            super().set_quit()
            _note(self, tell, is_open=False)

    # What a call prints may be redirected into records; a prompt belongs on the terminal. An
    # interrupt is the parent's business: it ends the server.
    is_redirected = sys.stdout is not sys.__stdout__
    streams = {"stdin": sys.__stdin__, "stdout": sys.__stdout__} if is_redirected else {}
    return Prompt(nosigint=True, **streams)  # type: ignore[arg-type]


def _note(prompt: object, tell: Callable[[bool], object], *, is_open: bool) -> None:
    was_any = bool(_open)
    (_open.add if is_open else _open.discard)(id(prompt))
    if bool(_open) != was_any:
        tell(is_open)
