"""A Unix domain socket to listen on: its file is made at the start and removed at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import stat
import sys

from functions_framework.exceptions import InvalidConfigurationException

_LONGEST = 103 if sys.platform == "darwin" else 107
"""Bytes of a path that fit into a socket's address (unix(7)), without the zero at its end."""


class UnixListener(socket.socket):
    """A bound socket that knows its file.

    Workers share it and leave the file alone; who leaves the block of a `with` removes it.

    Attributes:
        path: of the file; absolute, as a function may change the working directory.
        file: device and inode: another server may have put its own in the place of this one.
    """

    path: str
    file: tuple[int, int]

    def __exit__(self, *error: object) -> None:
        self.remove()
        super().__exit__(*error)

    def remove(self) -> None:
        """Remove the file, so that no more clients connect; not that of another server."""
        with contextlib.suppress(OSError):  # somebody else may have removed it
            if self._is_own():
                os.unlink(self.path)  # noqa: PTH108 - pathlib is not for the parent

    def listen(self, backlog: int = 0) -> None:
        """Start listening.

        Raises:
            InvalidConfigurationException: another server has taken the path. A socket that does
                not listen yet looks like one that was left behind, so the clash of two servers
                that start together shows only here.
        """
        was_listening = self.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        super().listen(backlog)
        if not was_listening:
            with contextlib.suppress(FileNotFoundError):
                if not self._is_own():
                    raise InvalidConfigurationException(_in_use(self.path))

    def has_queue(self) -> bool:
        """Whether connections wait to be accepted."""
        poll = select.poll()
        poll.register(self, select.POLLIN)
        return bool(poll.poll(0))

    def _is_own(self) -> bool:
        return _identity(os.lstat(self.path)) == self.file


def bind(path: str) -> UnixListener:
    """Bind, but do not listen; replace the file of a server that has ended.

    Raises:
        InvalidConfigurationException: nothing can listen there.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise InvalidConfigurationException(
            "--uds needs Unix domain sockets, which Python does not have on this system. "
            "Listen on a port with --port instead."
        )
    length = len(os.fsencode(path))
    if length > _LONGEST:
        raise InvalidConfigurationException(
            f"Cannot listen on {path}: the path has {length} bytes, and a socket's may have "
            f"{_LONGEST}. Choose a shorter one with --uds."
        )
    listener = UnixListener(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.path = os.path.abspath(path)  # noqa: PTH100 - pathlib is not for the parent
    try:
        _remove_stale(path)
        listener.bind(path)
        listener.file = _identity(os.lstat(path))
    except BaseException as error:
        listener.close()
        if isinstance(error, OSError):
            raise InvalidConfigurationException(_refusal(path, error)) from None
        raise
    return listener


def _remove_stale(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise InvalidConfigurationException(
            f"Cannot listen on {path}: it exists and isn't a socket. "
            "Remove it, or choose another path with --uds."
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)  # noqa: FBT003 - who has a full queue is there
        try:
            client.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)  # noqa: PTH108
        except FileNotFoundError:
            return
        except PermissionError:
            raise
        except OSError:
            raise InvalidConfigurationException(_in_use(path)) from None
        else:
            raise InvalidConfigurationException(_in_use(path))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _in_use(path: str) -> str:
    return (
        f"Cannot listen on {path}: the socket is in use by another server. "
        "Choose another path with --uds or UDS."
    )


def _refusal(path: str, error: OSError) -> str:
    where = os.path.dirname(path) or "."  # noqa: PTH120
    if error.errno == errno.EADDRINUSE:
        return _in_use(path)
    if error.errno == errno.ENOENT:
        return f"Cannot listen on {path}: there is no directory {where}. Make it first."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"Cannot listen on {path}: permission denied. Choose a path in a directory that this "
            "user may write to with --uds or UDS."
        )
    return f"Cannot listen on {path}: {error.strerror or error}. Choose another path with --uds."
