"""Sees to it that no request is left in the engine's queue while the engine has room for a thread.

The engine makes a thread for a request that comes while none is idle. A thread that has just taken
a request counts as idle for a moment longer, and what comes in this moment gets no thread: it
would wait until a call ends or another request comes, which makes the engine look again.

So where calls run and no thread is known to be idle, this server sends itself a request, which is
answered before it becomes a call. Requests are taken in the order in which they came: once that
one is answered, none waits, and the thread that answered is there for the next.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import TYPE_CHECKING, Any

from functions_framework.runtime import thread_room
from functions_framework.runtime.native_threads import start_thread, wait_for

from ..messages import OWN_HOST
from ..wire.granian import IDLE_THREAD_SECONDS
from ..wire.listening import is_unix
from ..wire.own_replies import PROCESS
from ..worker.debuggers import is_debugged

if TYPE_CHECKING:
    from threading import Event

    from ..wire.granian import Engine
    from .admission import Admission
    from .large_bodies import LargeBodies

_REQUEST = f"OPTIONS / HTTP/1.1\r\nhost: {OWN_HOST}\r\nconnection: close\r\n\r\n".encode()
_LOOK_SECONDS = 1.0
_ANSWER_SECONDS = 1.0
_LONGEST_PAUSE = 60.0
_KNOWN_SECONDS = IDLE_THREAD_SECONDS - 5.0
_MOST_ASKED = 32
"""How often workers that share a port may answer for each other; each is drawn as often."""
_LEAST_LEFT = 8
"""Threads that the system must have left: one asks, one answers; others are started meanwhile."""


class EngineQueue:
    """Asks whether the engine takes requests, where that isn't certain.

    Args:
        engine: whose queue it is.
        admission: knows the calls in progress.
        large: knows the responses that are sent after their calls.
    """

    def __init__(self, engine: Engine, admission: Admission, large: LargeBodies) -> None:
        self._engine = engine
        self._admission = admission
        self._large = large
        self._threads = 0
        self._known_until = 0.0
        self._next = 0.0
        self._pause = _ANSWER_SECONDS
        self._is_asking = False

    def look_until(self, told: Event) -> None:
        """Look again and again until something is told."""
        wait_for(told, _LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Ask, on another thread, if calls may have taken all threads that there are."""
        busy, now = self._in_use(), time.monotonic()
        is_one_idle = busy < self._threads and now < self._known_until
        if not busy or is_one_idle or self._is_asking or now < self._next:
            return
        if self._admission.is_saturated or is_debugged():
            return  # with a thread it would wait for a place; a debugger would show this one
        if (left := thread_room.left()) is not None and left < _LEAST_LEFT:
            return  # refused one, the engine aborts
        self._is_asking = True
        try:
            start_thread(lambda: self._ask(busy), "engine-queue")
        except RuntimeError:  # somebody else has taken the last one
            self._is_asking = False

    def _in_use(self) -> int:
        """How many of the engine's threads calls have taken."""
        return self._admission.in_use + self._large.in_use

    def _ask(self, busy: int) -> None:
        # No answer: it is busy beyond what it has threads for, or no descriptor is left.
        self._next = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        try:
            with contextlib.suppress(OSError):
                for _ in range(_MOST_ASKED):
                    if self._answering() == os.getpid():
                        # It lives for a while, as those do that were busy and are: of one whose
                        # call has ended it may be the thread.
                        self._threads = min(busy, self._in_use()) + 1
                        self._known_until = time.monotonic() + _KNOWN_SECONDS
                        self._pause = _ANSWER_SECONDS
                        break
        finally:
            self._is_asking = False

    def _answering(self) -> int:
        """The process that answers, 0 for one that does not know the question.

        Raises:
            OSError: none does.
        """
        with self._connected() as connection:
            connection.sendall(_REQUEST)
            answer = connection.recv(4096).decode("latin-1")
        _, _, rest = answer.partition(f"{PROCESS}: ")
        number = rest.partition("\r\n")[0]
        return int(number) if number.isdecimal() else 0

    def _connected(self) -> socket.socket:
        listener = self._engine.listener
        found = socket.socket(listener.family, socket.SOCK_STREAM)
        try:
            found.settimeout(_ANSWER_SECONDS)
            found.connect(_reachable(listener))
            return _secured(found) if self._engine.is_secure else found
        except BaseException:
            found.close()
            raise


def _reachable(listener: socket.socket) -> Any:
    """The address under which this machine reaches a listener."""
    address = listener.getsockname()
    if is_unix(listener):
        return address
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])  # noqa: S104
    return host, *address[1:]


def _secured(connection: socket.socket) -> socket.socket:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is this server's own
    return context.wrap_socket(connection)
