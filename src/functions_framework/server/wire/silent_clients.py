"""Cuts clients that connect and then say nothing, or stop before their request has begun.

The engine's clock for a request's head starts when it knows which HTTP is spoken. A client that
sends nothing, half of what HTTP/2 begins with, or nothing after the handshake of TLS, would keep
its connection for ever.
"""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Protocol

from functions_framework.runtime.native_threads import start_thread

from ..worker.debuggers import is_debugged
from .listening import is_unix, port_of
from .look import look, seen, shut_down

if TYPE_CHECKING:
    import socket

    from .granian import Limits
    from .look import Connection

_LONGEST_PAUSE = 24 * 3600.0
_LOOKS = 4
"""How often it looks within the time that a client has."""

_MARGIN = 1.0
"""Seconds that the engine has to end an idle connection itself, or to hear from its client."""

_SHORTEST_REQUEST = len(b"GET / HTTP/1.1\r\n\r\n")


class Calls(Protocol):
    """Knows the calls in progress."""

    def unclaimed(self, connections: list[Connection]) -> list[Connection]:
        """The connections that no call in progress came by."""


class SilentClients:
    """Looks for clients that say nothing.

    Args:
        port: this server's own; connections that a function made to others are left alone.
        seconds: for which a client may say nothing.
        calls: knows the calls in progress.
    """

    def __init__(self, port: int, seconds: float, calls: Calls) -> None:
        self._port = port
        self._seconds = seconds
        self._calls = calls
        self._suspects: set[tuple[int, tuple[str, int], int, int]] = set()

    def look(self) -> None:
        """Cut those by whom no request can have begun, or that are silent and wait for nothing.

        Raises:
            OSError: no descriptor is left to look with.
        """
        now = time.monotonic()
        found = [item for item in look() if item.port == self._port]
        late = [item for item in found if item.received_at <= now - self._seconds]
        silent = []
        for item in late:
            if item.received < _SHORTEST_REQUEST:
                shut_down(item)
            elif item.unsent:
                continue  # its call may be over, its response isn't: `--send-timeout` counts
            elif max(item.received_at, item.sent_at) < now - self._seconds * 1.25 - _MARGIN:
                silent.append(item)
        suspects = self._calls.unclaimed(silent) if silent else []
        # Twice: what came a moment ago may not be known as a call yet.
        for item in suspects:
            if _key(item) in self._suspects and _key(item) == _key(seen(item.descriptor)):
                shut_down(item)
        self._suspects = {_key(item) for item in suspects}


def _key(item: Connection | None) -> tuple[int, tuple[str, int], int, int]:
    """What stays the same while nothing happens on a connection."""
    return (
        (0, ("", 0), 0, 0)
        if item is None
        else (item.descriptor, item.peer, item.received, item.acknowledged)
    )


def watch(listener: socket.socket, limits: Limits, calls: Calls) -> None:
    """Cut, for as long as the process lives, who says nothing for `limits.head_seconds` (Linux).

    Nobody at a Unix domain socket: the kernel tells nothing of such connections.

    Not where a debugger is there: it would take the thread for one of the functions' own.
    """
    if not sys.platform.startswith("linux") or is_unix(listener) or is_debugged():
        return
    seconds = limits.head_seconds
    pause = min(seconds / _LOOKS, _LONGEST_PAUSE)
    clients = SilentClients(port_of(listener), seconds, calls)

    def repeat() -> None:
        while True:
            time.sleep(pause)
            # To look takes a descriptor: where none is left there may be one the next time.
            with contextlib.suppress(OSError):
                clients.look()

    start_thread(repeat, "silent-clients")
