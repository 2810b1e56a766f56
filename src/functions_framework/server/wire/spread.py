"""One port for several workers, each with a socket of its own that listens there (on Linux).

Workers that accept from one socket take what they get: the one that is awake takes most of a burst,
and keeps these connections for as long as they live. So each has its own (SO_REUSEPORT, socket(7)),
and the kernel draws one of those whose workers serve for each new connection.

The parent holds all of them for as long as the server lives. What waits in the socket of a worker
that has died is accepted by the one that takes its place.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import sys

from functions_framework.exceptions import InvalidConfigurationException

from . import listening

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

# <asm-generic/socket.h>
_SO_ATTACH_REUSEPORT_CBPF = 51
# <linux/filter.h>: the steps of a program, and where it finds a random number.
_LOAD, _MODULO, _SKIP_UNLESS, _RETURN = 0x20, 0x94, 0x15, 0x06
_RANDOM = 0xFFFFF000 + 56


class Spread:
    """The sockets of one port.

    Args:
        listener: bound to it, not yet listening.
        count: how many are wanted; it remains the only one where the kernel can't do this.

    Raises:
        InvalidConfigurationException: another server shares out this very port.
    """

    def __init__(self, listener: socket.socket, count: int) -> None:
        self._sockets = [listener]
        self._guard: socket.socket | None = None
        if count > 1 and sys.platform.startswith("linux") and not listening.is_unix(listener):
            self._guard = _guard(listener)
            with contextlib.suppress(OSError):
                self._sockets += _others(listener, count - 1)

    def open(self, backlog: int) -> None:
        """Have the others listen as well, in their order; the first one does already."""
        for listener in self._sockets[1:]:
            listening.listen(listener, backlog)

    def serve(self, places: Collection[int]) -> None:
        """Say whose sockets new connections go to; no change where there is nobody's.

        Args:
            places: numbers of sockets, from 0 on.
        """
        if places and len(self._sockets) > 1:
            with contextlib.suppress(OSError):  # no memory: it stays as it is
                _attach(self._sockets[0], sorted(places))

    def keep(self, place: int) -> socket.socket:
        """In a worker: its own socket, the others closed."""
        kept = self._sockets[place % len(self._sockets)]
        self._close_all_but(kept)
        return kept

    def refuse_new(self) -> None:
        """See `listening.refuse_new`."""
        listening.refuse_new(self._sockets)

    def close(self) -> None:
        """Close all."""
        self._close_all_but(None)

    def _close_all_but(self, kept: socket.socket | None) -> None:
        if self._guard is not None:
            self._guard.close()
        for listener in self._sockets:
            if listener is not kept:
                listener.close()


def _guard(listener: socket.socket) -> socket.socket | None:
    """What keeps a second server that starts at the same time from sharing the port unnoticed.

    A name of the kernel's that only one can have, and that ends with it (unix(7), abstract).
    """
    host, port = listener.getsockname()[:2]
    guard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        guard.bind(f"\0functions-framework {host} {port}")
    except OSError as error:
        guard.close()
        if error.errno != errno.EADDRINUSE:
            return None  # no such names here
        raise InvalidConfigurationException(listening.refusal(host, port, error)) from None
    return guard


def _others(listener: socket.socket, count: int) -> list[socket.socket]:
    """More sockets for the port of one.

    Raises:
        OSError: the kernel can't do it; then nothing is left of the attempt.
    """
    made: list[socket.socket] = []
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _attach(listener, [0])
        for _ in range(count):
            made.append(listening.like(listener))
            made[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            made[-1].bind(listener.getsockname())
    except OSError:
        for one in made:
            one.close()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
        raise
    return made


def _attach(listener: socket.socket, places: list[int]) -> None:
    """Have a program draw the socket for each connection (socket(7), SO_ATTACH_REUSEPORT_CBPF)."""
    steps = [(_LOAD, 0, 0, _RANDOM), (_MODULO, 0, 0, len(places))]
    *others, last = places
    for number, place in enumerate(others):
        steps += [(_SKIP_UNLESS, 0, 1, number), (_RETURN, 0, 0, place)]
    steps.append((_RETURN, 0, 0, last))
    listening.set_program(listener, _SO_ATTACH_REUSEPORT_CBPF, steps)
