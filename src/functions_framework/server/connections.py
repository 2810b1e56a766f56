"""Breaking a client's connection from under the engine, which can only end a response cleanly.

A response that fails halfway must not look whole. Granian ends a stream properly whatever happens,
so the connection itself is shut down: found among this process's descriptors by the peer's address
and, where the engine does not tell the peer's port (WSGI), by the moment it last sent something.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STATE_ESTABLISHED = 1
_STATE_CLOSE_WAIT = 8
_LAST_SENT_OFFSET = 8 + 4 * 9  # tcpi_last_data_sent: milliseconds ago
_FAMILIES = {socket.AF_INET, socket.AF_INET6}
_EARLY = 0.005
_LATE = 0.025
_POLL_SECONDS = 0.02
_SEARCH_SECONDS = 2.0
_RECEIVED_OFFSET = 8 + 4 * 24 + 8 * 3  # tcpi_bytes_received
_FIRST_BYTES_SECONDS = 0.5


def cut(address: str, port: int) -> bool:
    """Shut down the connection of one peer; False when there is none (any more)."""
    with _connections(address) as found:
        wanted = [item for item in found if item.getpeername()[1] == port]
        for item in wanted:
            item.shutdown(socket.SHUT_RDWR)
        return bool(wanted)


def cut_sender(address: str, last_sent: float) -> bool:
    """Shut down the one connection to `address` that last sent something at `last_sent`.

    Args:
        address: the peer's address.
        last_sent: `time.monotonic()` when its last data was handed to the engine.

    Returns:
        False when none or several fit: a wrong one is never cut. Others that fit by chance send
        or close sooner or later, so it looks again for up to two seconds.
    """
    if not sys.platform.startswith("linux"):
        return False
    until = time.monotonic() + _SEARCH_SECONDS
    while True:
        time.sleep(_POLL_SECONDS)
        with _connections(address) as found:
            fitting = [item for item in found if _is_sender(item, last_sent)]
            if len(fitting) == 1:
                fitting[0].shutdown(socket.SHUT_RDWR)
        if len(fitting) <= 1 or time.monotonic() > until:
            return len(fitting) == 1


def wait_for_first_bytes() -> None:
    """Wait, half a second at most, while a client that is connected has not sent anything yet.

    Browsers connect in advance and may never do so. Only on Linux, whose kernel tells.
    """
    until = time.monotonic() + _FIRST_BYTES_SECONDS
    while time.monotonic() < until:
        with _connections() as found:
            if not any(map(_has_sent_nothing, found)):
                return
        time.sleep(_POLL_SECONDS)


def _has_sent_nothing(connection: socket.socket) -> bool:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    received = struct.unpack_from("Q", info, _RECEIVED_OFFSET)[0]
    return info[0] == _STATE_ESTABLISHED and received == 0


@contextlib.contextmanager
def _connections(address: str | None = None) -> Iterator[list[socket.socket]]:
    """This process's connections to `address` (any: None), as copies closed at the end."""
    folder = Path("/proc/self/fd" if sys.platform.startswith("linux") else "/dev/fd")
    with contextlib.ExitStack() as copies:
        found = []
        for entry in folder.iterdir():
            # A descriptor may be closed at any moment by the thread that owns it.
            with contextlib.suppress(OSError):
                number = int(entry.name)
                if stat.S_ISSOCK(os.fstat(number).st_mode):
                    copy = copies.enter_context(socket.socket(fileno=os.dup(number)))
                    if copy.family not in _FAMILIES or copy.type != socket.SOCK_STREAM:
                        continue
                    peer = copy.getpeername()[0]
                    if address is None or peer == address:
                        found.append(copy)
        yield found


def _is_sender(connection: socket.socket, last_sent: float) -> bool:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    sent = time.monotonic() - struct.unpack_from("I", info, _LAST_SENT_OFFSET)[0] / 1000
    return (
        info[0] in {_STATE_ESTABLISHED, _STATE_CLOSE_WAIT}
        and last_sent - _EARLY <= sent <= last_sent + _LATE
    )
