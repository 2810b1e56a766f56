"""A worker's way to its parent process, over the socket pair they share."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from functions_framework.runtime import output
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.native_threads import start_thread

from .. import messages

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

_log = own_logger("functions_framework.server")
_MOST_AT_ONCE = 64


class Parent:
    """The way to the parent process: reports go up, the order to drain comes down.

    Args:
        channel: this worker's end of the socket pair.
    """

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._received = b""

    def ask_to_leave(self, reason: str, *, is_patient: bool = False) -> None:
        """Ask to be replaced, and to be told to drain then; arguments as of `Leaving`."""
        self.tell(messages.Leaving(reason, is_patient))

    def tell(self, report: messages.Report) -> None:
        """Send a report; a parent that is gone gets none."""
        try:
            self._channel.sendall(messages.encode(report))
        except OSError:
            _log.debug("The parent process is gone.")

    @contextmanager
    def watched(self) -> Iterator[None]:
        """While the function loads, let the parent's death end this process (on Linux).

        A signal does it, as a thread would be in the way of modules that fork when imported.
        """
        if not sys.platform.startswith("linux"):
            yield
            return
        import fcntl

        flags = fcntl.fcntl(self._channel, fcntl.F_GETFL)
        fcntl.fcntl(self._channel, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(self._channel, fcntl.F_SETFL, flags | os.O_ASYNC)
        try:
            yield
        finally:
            fcntl.fcntl(self._channel, fcntl.F_SETFL, flags)

    def on_order(self, then: Callable[[bytes], object]) -> None:
        """Call `then` with each order that comes, on a thread of its own, until one to drain.

        A parent that is gone orders that. What `then` raises ends the process: one that obeys no
        more would outlive its parent.
        """

        def listen() -> None:
            order = messages.RETIRE
            try:
                while order == messages.RETIRE:
                    order = self._next_order()
                    then(order)
            except BaseException:  # noqa: BLE001 - shown, then os._exit
                with suppress(Exception):
                    _log.exception("An order could not be carried out; the worker ends.")
                    output.flush()
                os._exit(1)

        start_thread(listen, "orders")

    def _next_order(self) -> bytes:
        try:
            # As few calls as can be: after each it may have to wait for its turn.
            while b"\n" not in self._received:
                received = self._channel.recv(_MOST_AT_ONCE)
                if not received:
                    return messages.DRAIN
                self._received += received
        except OSError:
            _log.debug("The parent process is gone.")
            return messages.DRAIN
        order, end, self._received = self._received.partition(b"\n")
        return order + end
