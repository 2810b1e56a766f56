"""A serving process as its parent sees it."""

from __future__ import annotations

import contextlib
import os
import time

from functions_framework.runtime.values import field, value_class

from .. import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket

EXIT_MARGIN = 1.5
"""Seconds that a process has beyond the grace period; platforms give two beyond the default."""


@value_class(eq=False)
class Child:
    """A serving process as its parent sees it."""

    pid: int
    channel: socket.socket
    is_replacement: bool
    started: float = field(default_factory=time.monotonic)
    ready: messages.Ready | None = None
    failed: messages.Failed | None = None
    is_leaving: bool = False
    replaces: Child | None = None
    order: bytes = messages.DRAIN
    has_prompt: bool = False
    received: bytes = b""
    is_stand_in: bool = False

    def tell(self, order: bytes) -> None:
        """Send an order; a worker that has just died takes none."""
        with contextlib.suppress(OSError):
            self.channel.sendall(order)

    def kill(self, number: int) -> None:
        """Send a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)
