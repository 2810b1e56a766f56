"""Signals of the serving processes: caught in a mailbox, held around a fork, reset after it."""

from __future__ import annotations

import select
import signal
import socket
import time
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

STOPS = [signal.SIGTERM, signal.SIGINT]
if hasattr(signal, "SIGBREAK"):
    STOPS.append(signal.SIGBREAK)
# The terminal is gone; whoever started this with `nohup` wants it to go on.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
    STOPS.append(signal.SIGHUP)

_GROUP_SECONDS = 0.2
"""Seconds within which all processes of a group get a signal that was sent to the group."""


class Mailbox:
    """Counts the signals that ask the server to stop, and wakes whoever waits on its descriptor.

    Those that come at once are one: `timeout` tells the process and then its group, and some who
    run a command in a terminal hand Ctrl-C on to those who had it from there.

    Attributes:
        stops: how many came.
        last: the number of the last one.
    """

    def __init__(self) -> None:
        self.stops = 0
        self._told = 0
        self._told_at = float("-inf")
        self.last = 0
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)  # noqa: FBT003
        self._writing.setblocking(False)  # noqa: FBT003

    def __enter__(self) -> Mailbox:  # noqa: PYI034 - typing.Self is of 3.11
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        for number in STOPS:
            signal.signal(number, self._note)
        if hasattr(signal, "SIGCHLD"):
            # A handler, if an idle one, so that a child's death wakes the parent.
            signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        if hasattr(signal, "pthread_sigmask"):
            # Whoever started this may have held them back, and a mask is handed down.
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [*STOPS, signal.SIGCHLD])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        self._reading.close()
        self._writing.close()

    def fileno(self) -> int:
        """Readable when a signal has come."""
        return self._reading.fileno()

    def empty(self) -> bytes:
        """Forget what made the descriptor readable; return the numbers of the signals."""
        numbers = b""
        try:
            while more := self._reading.recv(4096):
                numbers += more
        except BlockingIOError:
            pass
        return numbers

    def wait(self) -> None:
        """Wait for one that asks to stop; on a thread of its own.

        The main thread is told of none that comes as it is about to wait, or to another thread.
        """
        while not set(STOPS) & set(self.empty()):
            select.select([self], [], [])

    def is_stopped(self) -> bool:
        """Whether one has come, or comes in a moment: who was told by it was told as one of all."""
        until = time.monotonic() + _GROUP_SECONDS
        while not self.stops and time.monotonic() < until:
            time.sleep(0.005)
        return self.stops > 0

    def _note(self, number: int, _frame: FrameType | None) -> None:
        # Some send SIGHUP along with SIGTERM: it never makes a second signal.
        if number != getattr(signal, "SIGHUP", None):
            now = time.monotonic()
            if now - self._told_at > _GROUP_SECONDS:
                self._told, self._told_at = self._told + 1, now
        self.stops = max(1, self._told)
        self.last = number


@contextmanager
def blocked() -> Iterator[None]:
    """Hold signals back while a process is made, so that none is taken by a half-made one."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def restore_defaults() -> None:
    """In a new worker: signals end it at once, as long as it only loads."""
    signal.set_wakeup_fd(-1)
    for number in [*STOPS, signal.SIGCHLD]:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def is_told(code: int) -> bool:
    """Whether a process ended by a signal that asks to stop."""
    return -code in STOPS


def death(code: int) -> str:
    """How a process ended, as the end of a sentence; of its exit code, negative for a signal."""
    if code >= 0:
        return f"exited with code {code}"
    if code == -signal.SIGKILL:  # what the system does when memory runs out, and says nowhere here
        return "was ended by SIGKILL (out of memory?)"
    with suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
