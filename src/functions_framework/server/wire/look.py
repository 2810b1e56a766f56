"""One look at all of this process's connections: whose they are, and what moved on them last.

A look costs some microseconds a connection, so whoever looks does it for all of them at once. Only
on Linux, whose kernel tells; elsewhere there is nothing to see. Breaking connections one by one,
by what is known of one of them, is in `connections`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from collections import defaultdict

from functions_framework.runtime.values import NamedTuple

from . import descriptors
from .descriptors import borrowed, numbers

_STATE_CLOSE_WAIT = 8
_STATE_ESTABLISHED = 1
# <linux/tcp.h>, struct tcp_info: ages in milliseconds, then what was acknowledged and received;
# unsent bytes; and, from Linux 4.19 on, what was sent.
_INFO = struct.Struct("=B43xI4xI64xQQ8xI52xQ")
_INFO_SIZE = 256
_OLDER_INFO = struct.Struct("=B43xI4xI64xQQ8xI")


class Connection(NamedTuple):
    """A connection as it was a moment ago.

    Attributes:
        descriptor: its number; another's once this one was closed.
        peer: address and port of its other end.
        port: of this end.
        is_open: whether more may be sent to its other end.
        sent_at: `time.monotonic()` when data was last sent to it.
        received_at: `time.monotonic()` when data last came.
        acknowledged: bytes that have arrived at the other end.
        received: bytes that have come.
        unsent: bytes that wait in the kernel for the client's window.
        sent: bytes that were sent, 0 where the kernel is too old to tell.
    """

    descriptor: int
    peer: tuple[str, int]
    port: int
    is_open: bool
    sent_at: float
    received_at: float
    acknowledged: int
    received: int
    unsent: int
    sent: int


def look() -> list[Connection]:
    """All connections of this process."""
    if not sys.platform.startswith("linux"):
        return []
    found = map(seen, numbers())
    return [connection for connection in found if connection is not None]


def by_peer(connections: list[Connection], port: int) -> dict[str, list[Connection]]:
    """Connections by the address of their peer; not those that functions have made to others.

    Args:
        connections: what was seen.
        port: that the server listens on.
    """
    found = defaultdict(list)
    for connection in connections:
        if connection.port == port:
            found[connection.peer[0]].append(connection)
    return found


def seen(descriptor: int) -> Connection | None:
    """One connection, None where the descriptor isn't a connection's (any more)."""
    borrowed = None
    try:
        # Told all of it, Python asks the kernel nothing; IPv6 is no different for what is asked.
        borrowed = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 0, descriptor)
        peer = borrowed.getpeername()
        port = borrowed.getsockname()[1]
        info = borrowed.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    except (OSError, IndexError):  # no socket, not connected, or of another family
        return None
    finally:
        if borrowed is not None:
            borrowed.detach()
    now = time.monotonic()
    if len(info) < _INFO.size:
        state, *ages, acknowledged, received, unsent = _OLDER_INFO.unpack_from(info)
        sent = 0
    else:
        state, *ages, acknowledged, received, unsent, sent = _INFO.unpack_from(info)
    return Connection(
        descriptor,
        peer[:2],
        port,
        state in {_STATE_ESTABLISHED, _STATE_CLOSE_WAIT},
        now - ages[0] / 1000,
        now - ages[1] / 1000,
        acknowledged,
        received,
        unsent,
        sent,
    )


def shut_down(connection: Connection, *, is_reset: bool = False) -> bool:
    """End a connection; False where it is not there any more.

    Args:
        connection: as it was seen.
        is_reset: see `descriptors.shut_down`.
    """
    with contextlib.suppress(OSError), borrowed(connection.descriptor) as found:
        # The number may be another's by now.
        if found.getpeername()[:2] == connection.peer:
            descriptors.shut_down(found, is_reset=is_reset)
            return True
    return False
