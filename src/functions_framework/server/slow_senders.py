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
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.errors import refusal

from .body import too_slow
from .connections import count_silent, cut_silent
from .drain import ending
from .forwarded import peer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.exceptions import BodyTooSlow

    from .hosting import Environ

MOST_LEFT_BEHIND = 512
"""Threads that may wait in vain before the worker asks to be replaced."""

_LONGEST_PAUSE = 1.0
_FLUSH_SECONDS = 0.05
"""Seconds in which an answer gets from the engine to the kernel."""


class Reading:
    """A body's source whose reads are watched.

    Attributes:
        reply: what the client is answered when nothing more comes.
        sent: `time.monotonic()` of its answer, None before.
        since: `time.monotonic()` when the read in progress began.
        is_over: whether the client was given up.
    """

    __slots__ = ("_senders", "_source", "environ", "is_over", "protocol", "reply", "sent", "since")

    def __init__(self, source: Any, senders: SlowSenders, protocol: Any, environ: Environ) -> None:
        self._source = source
        self._senders = senders
        self.protocol = protocol
        self.environ = environ
        self.reply = senders.reply
        self.sent: float | None = None
        self.since = 0.0
        self.is_over = False

    @property
    def peer(self) -> str:
        """The address of its connection."""
        return peer_of(self.environ)

    @property
    def version(self) -> str:
        """Of HTTP."""
        return self.environ["SERVER_PROTOCOL"]  # type: ignore[no-any-return]

    def read(self, *size: int) -> bytes:
        """Read so many bytes, or all.

        Raises:
            BodyTooSlow: nothing came for too long.
        """
        if self.is_over:
            return b""
        self._senders.begin(self)
        try:
            data: bytes = self._source.read(*size)
        finally:
            self._senders.end(self)
        if self.is_over:
            raise self._senders.refusal()
        return data

    def answer(self) -> None:
        """Answer the client, if it was not, and let the connection end."""
        if self.sent is None:
            self.sent = time.monotonic()
            self.protocol.response_bytes(*ending(self.reply, self.version))


class SlowSenders:
    """Watches the reads that wait for their clients.

    Args:
        seconds: how long a client may send nothing.

    Attributes:
        reply: what such a client is answered.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._leave: Callable[[str], object] | None = None
        self._readings: set[Reading] = set()
        self._is_idle = True
        self._has_work = threading.Event()
        self.reply = refusal(self.refusal())

    def refusal(self) -> BodyTooSlow:
        """What is raised where the body is read."""
        return too_slow(self._seconds)

    def start(self, leave: Callable[[str], object] | None) -> None:
        """Start watching, for as long as the process lives.

        Args:
            leave: asks for this worker to be replaced, with the reason.
        """
        self._leave = leave
        threading.Thread(target=self._run, name="slow-senders", daemon=True).start()

    def begin(self, reading: Reading) -> None:
        """A read begins."""
        reading.since = time.monotonic()
        self._readings.add(reading)
        if self._is_idle:
            self._has_work.set()

    def end(self, reading: Reading) -> None:
        """The read has ended."""
        self._readings.discard(reading)

    def _run(self) -> None:
        pause = min(_LONGEST_PAUSE, self._seconds / 10)
        while True:
            self._has_work.wait()
            self._is_idle = False
            self._has_work.clear()
            while self._readings:
                time.sleep(pause)
                # To look takes a descriptor: where none is left there may be one the next time.
                with contextlib.suppress(OSError):
                    self._look()
            self._is_idle = True
            if self._readings:
                self._has_work.set()

    def _look(self) -> None:
        now = time.monotonic()
        waiting = [item for item in self._readings.copy() if item.since < now - self._seconds]
        self._cut([item for item in waiting if item.is_over and item.version != "HTTP/2"], now)
        for reading in waiting:
            if not reading.is_over and self._has_stopped(reading):
                reading.is_over = True
                reading.answer()
        if len(waiting) > MOST_LEFT_BEHIND and self._leave is not None:
            self._leave(f"{len(waiting)} clients have stopped sending")
            self._leave = None

    def _has_stopped(self, reading: Reading) -> bool:
        """Whether nothing comes: a read that waits for much may see progress all the time."""
        return reading.version == "HTTP/2" or count_silent(reading.peer, self._seconds) > 0

    def _cut(self, readings: list[Reading], now: float) -> None:
        by_peer: dict[str, list[float]] = {}
        for reading in readings:
            if reading.sent is not None and reading.sent < now - _FLUSH_SECONDS:
                by_peer.setdefault(reading.peer, []).append(reading.sent)
        for peer, answered in by_peer.items():
            cut_silent(peer, answered, self._seconds)
