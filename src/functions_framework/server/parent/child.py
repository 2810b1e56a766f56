"""A serving process as its parent sees it."""

from __future__ import annotations

import contextlib
import itertools
import os
import time

from functions_framework.runtime.values import field, value_class

from .. import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

_LEAST_MARGIN, _MARGIN = 1.5, 3.0
_LONGEST = 9.5
"""Seconds until a process has to be gone where that can be: platforms kill after ten."""


def seconds_to_end(grace: float) -> float:
    """How long a process may take to end: its grace period, and what a busy machine needs more."""
    return grace + max(_LEAST_MARGIN, min(_MARGIN, _LONGEST - grace))


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
    place: int = 0

    def reports(self) -> list[messages.Report] | None:
        """What it has said since this was last asked; None when it has closed its end."""
        try:
            data = self.channel.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self.received = (self.received + data).split(b"\n")
        return [messages.decode(line) for line in lines]

    def tell(self, order: bytes) -> None:
        """Send an order; a worker that has just died takes none."""
        with contextlib.suppress(OSError):
            self.channel.sendall(order)

    def kill(self, number: int) -> None:
        """Send a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def free_place(workers: Iterable[Child]) -> int:
    """The first place that no worker has, of those that go on (see `wire.spread`)."""
    taken = {worker.place for worker in workers if not worker.is_leaving}
    return next(place for place in itertools.count() if place not in taken)


def serving_places(workers: Iterable[Child]) -> set[int]:
    """The places of the workers that take new connections."""
    return {worker.place for worker in workers if worker.ready and not worker.is_leaving}
