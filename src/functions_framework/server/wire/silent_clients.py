"""Cuts clients that connect and then say nothing.

The engine's clock for a request's head starts when it knows which HTTP is spoken. A client that
sends nothing, or half of what HTTP/2 begins with, would keep its connection for ever.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING

from ..worker.debuggers import is_debugged
from .connections import cut_unused

if TYPE_CHECKING:
    import socket

    from .granian import Limits

_LONGEST_PAUSE = 24 * 3600.0
_LOOKS = 4
"""How often it looks within the time that a client has."""


def watch(listener: socket.socket, limits: Limits) -> None:
    """Cut, for as long as the process lives, who says nothing for `limits.head_seconds` (Linux).

    Not where a debugger is there: it would take the thread for one of the functions' own.
    """
    if not sys.platform.startswith("linux") or is_debugged():
        return
    port = listener.getsockname()[1]
    seconds = limits.head_seconds
    pause = min(seconds / _LOOKS, _LONGEST_PAUSE)

    def look() -> None:
        while True:
            time.sleep(pause)
            # To look takes a descriptor: where none is left there may be one the next time.
            with contextlib.suppress(OSError):
                cut_unused(port, seconds)

    threading.Thread(target=look, name="silent-clients", daemon=True).start()
