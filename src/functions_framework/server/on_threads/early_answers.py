"""Cutting the connections of clients that were answered while they still owed a body.

The engine's read of a body ends with its connection, and a WSGI engine does not tell which
connection a call came by. But it shows after the response: of the connections of that address, it
is the one on which exactly the bytes of this response were sent. No other call's is cut.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from functions_framework.runtime.values import NamedTuple

from ..wire.look import shut_down

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from functions_framework.model.message import Reply

    from ..wire.look import Connection

_EARLY = 0.01
"""Seconds by which the kernel's clock may differ."""

_LATE = 0.05
"""Seconds in which a response gets from the engine to the kernel."""

_SURELY_SENT = 1.0
"""Seconds after which it has got there on a busy machine too."""


class Waited(Protocol):
    """A body that a call waits for.

    Attributes:
        since: `time.monotonic()` when the read began.
        reply: what the client is answered, None for a refusal.
        sent: `time.monotonic()` of its response, None before.
        is_over: whether the read is given up.
        peer: the client's address.
    """

    since: float
    reply: Reply | None
    sent: float | None
    is_over: bool
    peer: str

    @property
    def version(self) -> str:
        """The protocol, such as "HTTP/2"."""

    @property
    def environ(self) -> Mapping[str, object]:
        """The request of its call."""

    def answer(self, refusal: Reply) -> None:
        """Answer the client in place of the call."""


class _Moved(NamedTuple):
    """What moved on a connection since the responses."""

    connection: Connection
    sent: int
    received: int


class EarlyAnswers:
    """Clients of one address that were given equal answers.

    Args:
        peer: their address.
        version: the protocol.
        sizes: bytes that such a response is known to have; added to.

    Attributes:
        bodies: what those owe that are left.
    """

    def __init__(self, peer: str, version: str, sizes: set[int]) -> None:
        self.peer = peer
        self.bodies: dict[Waited, float] = {}
        self._sizes = sizes
        self._is_http2 = version == "HTTP/2"
        self._before: dict[tuple[int, tuple[str, int]], Connection] = {}

    def add(self, bodies: Iterable[Waited], before: Iterable[Connection], now: float) -> None:
        """Further clients were answered.

        Args:
            bodies: what they owe.
            before: the connections of their address, as they were just before.
            now: the moment, in `time.monotonic()` seconds.
        """
        self.bodies.update(dict.fromkeys(bodies, now))
        for item in before:
            self._before.setdefault((item.descriptor, item.peer), item)

    def settle(
        self, waiting: Collection[Waited], connections: Iterable[Connection], others: int
    ) -> bool:
        """Cut the connections that can be told apart.

        Args:
            waiting: the bodies that are still waited for.
            connections: those of their address, as they are now.
            others: calls of the address that are in progress and owe nothing.

        Returns:
            Whether no client is left.
        """
        self.bodies = {body: since for body, since in self.bodies.items() if body in waiting}
        if self.bodies:
            moved = self._moved(connections)
            for item in self._shared(moved, others) if self._is_http2 else self._alike(moved):
                shut_down(item.connection)
        return not self.bodies

    def _moved(self, connections: Iterable[Connection]) -> list[_Moved]:
        """The connections on which something was sent since."""
        found = []
        for item in connections:
            before = self._before.get((item.descriptor, item.peer))
            if before is not None and item.is_open and item.sent > before.sent:
                received = item.received - before.received
                found.append(_Moved(item, item.sent - before.sent, received))
        return found

    @staticmethod
    def _shared(moved: list[_Moved], others: int) -> list[_Moved]:
        """Those of HTTP/2, where calls share a connection: none while there are other calls."""
        return [] if others else [item for item in moved if not item.received]

    def _alike(self, moved: list[_Moved]) -> list[_Moved]:
        """Those on which the same was sent, and which are no more than the clients."""
        counts = Counter(item.sent for item in moved)
        known = [size for size in self._sizes if counts[size] > 0]
        silent = Counter(item.sent for item in moved if not item.received)
        size = known[0] if known else _most(silent)
        if size is None and time.monotonic() > max(self.bodies.values()) + _SURELY_SENT:
            # Before, a connection in use may be the only one on which anything was sent.
            size = _most(counts)
        if size is None or counts[size] > len(self.bodies):
            return []
        if len(counts) == 1:
            self._sizes.add(size)
        return [item for item in moved if item.sent == size]


def _most(counts: Counter[int]) -> int | None:
    """What is counted most, None where two are counted as often."""
    first, second = [*counts.most_common(2), (0, 0), (0, 0)][:2]
    return first[0] if first[1] > second[1] else None


def cut_answered_before(bodies: Iterable[Waited], connections: Iterable[Connection]) -> None:
    """Cut who had been answered before it stopped: told by the moment at which it was.

    Args:
        bodies: of one address.
        connections: of that address.
    """
    found = sorted((item for item in connections if item.is_open), key=lambda item: item.sent_at)
    moments = [item.sent_at for item in found]
    answers = sorted(body.sent for body in bodies if body.sent and body.version != "HTTP/2")
    for moment in answers:
        first, last = moment - _EARLY, moment + _LATE
        fitting = found[bisect_left(moments, first) : bisect_right(moments, last)]
        if len(fitting) <= bisect_right(answers, last) - bisect_left(answers, first):
            for item in fitting:
                shut_down(item)
