"""What signals do in a worker, and no longer in the processes that functions make."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import messages
from ..parent.signals import STOPS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .orders import Parent


def answer_signals(parent: Parent) -> None:
    """Hand those that ask to stop to the parent process, which says what to do.

    It gets SIGINT as well; others may be for this process alone. A forked process is ended by
    them, as any other is: `multiprocessing` ends a pool's processes by SIGTERM, which would have
    this worker replaced, and waits for them.

    Args:
        parent: the way to it.
    """
    leave = messages.Leaving(messages.TOLD)

    def tell(_number: int, _frame: object) -> None:
        parent.tell(leave)

    for number in STOPS:
        # Ignored, SIGINT would be so in the programs that functions run, which are stopped by it.
        signal.signal(number, _pass if number == signal.SIGINT else tell)
    if hasattr(os, "register_at_fork"):
        _AroundForks({tell, _pass})


def wake_loop() -> None:
    """Wake the event loop that runs when a signal comes; its handler is called as it wakes.

    The main thread is told of none that comes as it is about to wait, or to another thread. Where
    somebody else is told of them (`parent.in_process`), nothing is changed.
    """
    before = signal.set_wakeup_fd(-1)
    if before != -1:
        signal.set_wakeup_fd(before)
        return
    import asyncio
    import socket

    reading, writing = socket.socketpair()
    for end in (reading, writing):
        end.setblocking(False)  # noqa: FBT003
    asyncio.get_running_loop().add_reader(reading, _empty, reading, writing)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)


def _empty(reading: socket.socket, _writing: socket.socket) -> None:
    """Forget what woke the loop; both ends live as long as this may be called."""
    with suppress(BlockingIOError):
        reading.recv(4096)


def _pass(_number: int, _frame: object) -> None:
    """Do nothing."""


class _AroundForks:
    """Gives forked processes the usual signals; one that comes before that is held back until then.

    The interpreter forgets, in such a process, what came while it was being made.
    """

    def __init__(self, ours: set[Callable[[int, object], None]]) -> None:
        """Do so from now on.

        Args:
            ours: the handlers that stand for the usual ones.
        """
        self._ours = ours
        self._forking = threading.local()
        os.register_at_fork(
            before=self._hold, after_in_parent=self._go_on, after_in_child=self._begin
        )

    def _hold(self) -> None:
        self._forking.mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)

    def _go_on(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._forking.mask)

    def _begin(self) -> None:
        signal.set_wakeup_fd(-1)
        for number in STOPS:
            if signal.getsignal(number) in self._ours:
                is_interrupt = number == signal.SIGINT
                signal.signal(
                    number, signal.default_int_handler if is_interrupt else signal.SIG_DFL
                )
        self._go_on()
