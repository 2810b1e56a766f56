"""This process's descriptors, and sockets of them, told also when there is no other to tell with.

The system lists them (`/proc/self/fd`, `/dev/fd`), which takes a descriptor. Where none is left, or
there is no such list, the numbers are tried: the lowest that is free is always the next one given.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys
from typing import TYPE_CHECKING

from functions_framework.runtime.output import is_open

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIST = "/proc/self/fd" if sys.platform.startswith("linux") else "/dev/fd"
_AT_ONCE = struct.pack("ii", 1, 0)
_NONE_LEFT = {errno.EMFILE, errno.ENFILE}
_LONGEST_GAP = 4096
"""Free numbers in a row after which no higher one is looked for."""


def numbers() -> list[int]:
    """The descriptors that are open; each may be closed at any moment by the thread that owns it.

    None on Windows, where sockets aren't descriptors.
    """
    if sys.platform == "win32":
        return []
    try:
        return list(map(int, os.listdir(_LIST)))  # noqa: PTH208 - names are all that is wanted
    except OSError:
        return _tried()


def _tried() -> list[int]:
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    found = [-1]
    for number in range(sys.maxsize if most == resource.RLIM_INFINITY else most):
        if is_open(number):
            found.append(number)
        elif number - found[-1] > _LONGEST_GAP:
            break
    return found[1:]


@contextlib.contextmanager
def borrowed(number: int) -> Iterator[socket.socket]:
    """The socket of a descriptor: a copy, which stays what it is when its owner closes it.

    Where there is no descriptor for a copy it is the owner's own.

    Raises:
        OSError: it isn't a socket, or closed.
    """
    try:
        copy = os.dup(number)
    except OSError as error:
        if error.errno not in _NONE_LEFT:
            raise
        found = socket.socket(fileno=number)
        try:
            yield found
        finally:
            found.detach()
    else:
        try:
            found = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)
            raise
        with found:
            yield found


def shut_down(connection: socket.socket, *, is_reset: bool = False) -> None:
    """End a connection from under its owner.

    Args:
        connection: of the owner.
        is_reset: whether its other end is to see a reset instead of an end: in HTTP/1.0, whose
            answers last until the end (RFC 1945, 7.2.2), an end would make one look whole.
    """
    if is_reset:
        # Its owner sees no more than an end of what comes, and closes it.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        connection.shutdown(socket.SHUT_RD)
    else:
        connection.shutdown(socket.SHUT_RDWR)
