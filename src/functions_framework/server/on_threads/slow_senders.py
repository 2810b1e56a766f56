"""Ends sync calls that wait for a body whose sender has stopped sending.

The engine's read cannot be interrupted. So the client is answered from here and its connection
cut, which ends the read. Where the connection cannot be told apart from others (several streams on
one, or no way to look at it) the thread stays behind; when too many have, the worker asks to be
replaced.
"""

from __future__ import annotations

import contextlib
import threading
import time
from contextvars import Context
from typing import TYPE_CHECKING, Protocol

from functions_framework.hosts.errors import refusal

from ..wire.connections import count_silent, cut_silent
from ..wire.limits import too_slow

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.exceptions import BodyTooSlow
    from functions_framework.model.message import Reply


MOST_LEFT_BEHIND = 512
"""Threads that may wait in vain before the worker asks to be replaced."""

_LONGEST_PAUSE = 1.0
_FLUSH_SECONDS = 0.05
"""Seconds in which an answer gets from the engine to the kernel."""


class Waited(Protocol):
    """A body that a call waits for.

    Attributes:
        since: `time.monotonic()` when the read began.
        sent: `time.monotonic()` when its client was answered, None before.
        is_over: whether the read is given up.
        peer: the client's address.
    """

    since: float
    sent: float | None
    is_over: bool
    peer: str

    @property
    def version(self) -> str:
        """The protocol, such as "HTTP/2"."""

    def answer(self, reply: Reply) -> None:
        """Answer the client in place of the call."""


class SlowSenders:
    """Watches the reads that wait for their clients.

    Args:
        seconds: how long a client may send nothing.

    Attributes:
        reply: what such a client is answered.
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.leave: Callable[[str], object] | None = None
        self._bodies: set[Waited] = set()
        self.end = self._bodies.discard
        """The read of a body has ended."""
        self._lock = threading.Lock()
        self._is_idle = True
        self.reply = refusal(self.refusal())

    def refusal(self) -> BodyTooSlow:
        """What is raised where the body is read."""
        return too_slow(self._seconds)

    def begin(self, body: Waited) -> None:
        """A read begins."""
        body.since = time.monotonic()
        self._bodies.add(body)
        if self._is_idle:
            self._watch()

    def _watch(self) -> None:
        with self._lock:
            if self._is_idle:
                self._is_idle = False
                watcher = threading.Thread(target=self._run, name="slow-senders", daemon=True)
                Context().run(watcher.start)  # it belongs to no call

    def _run(self) -> None:
        pause = min(_LONGEST_PAUSE, self._seconds / 10)
        # Sleeps first: most bodies are there at once, and should not start a thread each.
        time.sleep(pause)
        while self._bodies:
            # To look takes a descriptor: where none is left there may be one the next time.
            with contextlib.suppress(OSError):
                self._look()
            time.sleep(pause)
        self._is_idle = True
        if self._bodies:  # one that began meanwhile took this thread for awake
            self._watch()

    def _look(self) -> None:
        now = time.monotonic()
        waiting = [item for item in self._bodies.copy() if item.since < now - self._seconds]
        self._cut([item for item in waiting if item.is_over and item.version != "HTTP/2"], now)
        for body in waiting:
            if not body.is_over and self._has_stopped(body):
                body.is_over = True
                body.answer(self.reply)
        if len(waiting) > MOST_LEFT_BEHIND and self.leave is not None:
            self.leave(f"{len(waiting)} clients have stopped sending")
            self.leave = None

    def _has_stopped(self, body: Waited) -> bool:
        """Whether nothing comes: a read that waits for much may see progress all the time."""
        return body.version == "HTTP/2" or count_silent(body.peer, self._seconds) > 0

    def _cut(self, bodies: list[Waited], now: float) -> None:
        by_peer: dict[str, list[float]] = {}
        for body in bodies:
            if body.sent is not None and body.sent < now - _FLUSH_SECONDS:
                by_peer.setdefault(body.peer, []).append(body.sent)
        for peer, answered in by_peer.items():
            cut_silent(peer, answered, self._seconds)
