"""Ends sync calls that wait for a body whose sender has stopped sending, or is among too many.

The engine's read cannot be interrupted. So the client is answered from here and its connection
cut, which ends the read. Where the connection cannot be told apart from others the thread stays
behind; when too many have, the worker asks to be replaced once its other calls are over.
"""

from __future__ import annotations

import itertools
import math
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from functions_framework.hosts.errors import refusal

from ..wire.limits import too_slow, too_slow_for_others
from ..wire.look import by_peer, look
from ..wire.progress import Progress
from .early_answers import EarlyAnswers, cut_answered_before
from .silence import Calls, stopped
from .sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from functions_framework.exceptions import BodyTooSlow
    from functions_framework.model.message import Reply

    from ..wire.look import Connection
    from .admission import Admission
    from .early_answers import Waited

MOST_WAITING = 512
"""Bodies that may be waited for at once; beyond, the slowest senders are cut."""

MOST_LEFT_BEHIND = 512
"""Threads that may wait in vain before the worker asks to be replaced."""

_LONGEST_PAUSE = 1.0
_SHORT_PAUSE = 0.1
_FLUSH_SECONDS = 0.05
"""Seconds in which a response gets from the engine to the kernel."""

_CUT_SECONDS = 5.0
"""Seconds after which a connection that was not cut probably cannot be."""

_FAR_TOO_MANY = MOST_WAITING * 5 // 4
_PATIENCE = 1.0
"""Seconds that a sender has in any case, unless there are far too many."""


class SlowSenders:
    """Watches the reads that wait for their clients.

    Args:
        admission: knows the calls in progress.
        seconds: how long a client may send nothing, 0 for any time.

    Attributes:
        port: that the server listens on.
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(self, admission: Admission, seconds: float) -> None:
        self._admission = admission
        self._seconds = seconds or math.inf
        self.port = 0
        self.leave: Callable[[str], object] | None = None
        self._bodies: set[Waited] = set()
        self.end = self._bodies.discard
        """The read of a body has ended."""
        self._answered: dict[tuple[str, str, object], EarlyAnswers] = {}
        self._answered_before: set[Waited] = set()
        self._sizes: dict[bool, set[int]] = defaultdict(set)
        self._progress = Progress(_received)
        self._longest_pause = min(_LONGEST_PAUSE, self._seconds / 10)
        self._sweep = Sweep("slow-senders", self._bodies, self._look, self._longest_pause)
        self._late_reply = refusal(self.refusal())
        self._reply = refusal(too_slow_for_others())

    def refusal(self) -> BodyTooSlow:
        """What is raised where the body is read."""
        return too_slow_for_others() if self._seconds == math.inf else too_slow(self._seconds)

    def begin(self, body: Waited) -> None:
        """A read begins."""
        body.since = time.monotonic()
        self._bodies.add(body)
        if self._sweep.is_idle:
            self._sweep.wake()
        if len(self._bodies) > MOST_WAITING:
            self._sweep.hurry()

    def _look(self, now: float) -> float:
        waiting = [item for item in self._bodies.copy() if not item.is_over]
        late = [item for item in waiting if item.since < now - self._seconds]
        too_many = len(waiting) - MOST_WAITING
        is_noted = any(
            item.since < now - self._seconds / 2 and item.version == "HTTP/2" for item in waiting
        )
        if not (late or is_noted or too_many > 0 or self._answered or self._answered_before):
            return self._longest_pause
        connections = by_peer(look(), self.port)
        if is_noted:
            self._progress.note(itertools.chain(*connections.values()), now)
        calls = self._admission.besides({id(body.environ) for body in self._bodies.copy()})
        self._settle(connections, calls)
        given_up = self._stopped(late, connections, calls, now)
        self._answer(given_up, self._late_reply, connections, now)
        slowest = _slowest(set(waiting) - given_up, too_many - len(given_up), now)
        self._answer(slowest, self._reply, connections, now)
        self._ask_to_leave(now)
        if too_many > 0:
            time.sleep(_SHORT_PAUSE)
        is_left = self._answered or self._answered_before
        return _FLUSH_SECONDS if is_left else self._longest_pause

    def _settle(
        self,
        connections: Mapping[str, list[Connection]],
        calls: Mapping[str, list[float]],
    ) -> None:
        waiting = self._bodies.copy()
        self._answered_before &= waiting
        for peer, bodies in _grouped(self._answered_before).items():
            cut_answered_before(bodies, connections.get(peer, ()))
        self._answered = {
            key: group
            for key, group in self._answered.items()
            if not group.settle(
                waiting, connections.get(group.peer, ()), len(calls.get(group.peer, ()))
            )
        }

    def _stopped(
        self,
        late: list[Waited],
        connections: Mapping[str, list[Connection]],
        calls: Mapping[str, list[float]],
        now: float,
    ) -> set[Waited]:
        """Those of whom nothing comes: a read that waits for much may see progress all the time.

        Over HTTP/1, where the engine does not tell whose connection is silent, none is given up
        while some of those at that address go on. Over HTTP/2, where calls share one, none may be
        at that address on which more comes.
        """
        found = {body for body in late if body.sent is not None}
        moving = self._progress.moving(now - self._seconds)
        for peer, bodies in _grouped(set(late) - found).items():
            of_http2 = {body for body in bodies if body.version == "HTTP/2"}
            if peer not in moving:
                found.update(of_http2)
            rest = set(bodies) - of_http2
            if connections:
                those = self._calls_of(peer, calls.get(peer, ()))
                if len(rest) > stopped(connections.get(peer, ()), those, self._seconds, now):
                    continue
            found.update(rest)
        return found

    def _calls_of(self, peer: str, others: Collection[float]) -> Calls:
        ages = self._admission.ages()
        bodies = [item for item in self._bodies.copy() if item.peer == peer and not item.is_over]
        owing = [ages.get(id(item.environ), 0.0) for item in bodies if item.sent is None]
        told = [item.since for item in bodies if "HTTP_EXPECT" in item.environ]
        return Calls(owing, others, self._admission.waiting, told)

    def _answer(
        self,
        bodies: set[Waited],
        reply: Reply,
        connections: Mapping[str, list[Connection]],
        now: float,
    ) -> None:
        groups: dict[tuple[str, str, object], list[Waited]] = defaultdict(list)
        for body in bodies:
            body.is_over = True
            if body.sent is not None:
                self._answered_before.add(body)
                continue
            body.answer(reply)
            groups[body.peer, body.version, (body.reply or reply).body].append(body)
        for key, group in groups.items():
            peer, version, text = key
            if key not in self._answered:
                sizes = self._sizes[reply is self._reply] if text == reply.body else set()
                self._answered[key] = EarlyAnswers(peer, version, sizes)
            self._answered[key].add(group, connections.get(peer, ()), now)

    def _ask_to_leave(self, now: float) -> None:
        left = sum(
            moment < now - _CUT_SECONDS
            for group in self._answered.values()
            for moment in group.bodies.values()
        )
        if left > MOST_LEFT_BEHIND and self.leave is not None:
            self.leave(f"{left} clients have stopped sending")
            self.leave = None

    def given_up(self) -> int:
        """How many calls wait in vain: their clients were answered."""
        return sum(body.is_over for body in self._bodies.copy())


def _received(connection: Connection) -> int:
    return connection.received


def _grouped(bodies: Iterable[Waited]) -> dict[str, list[Waited]]:
    found = defaultdict(list)
    for body in bodies:
        found[body.peer].append(body)
    return found


def _slowest(bodies: Iterable[Waited], count: int, now: float) -> set[Waited]:
    """The bodies whose next part was waited for longest, as many as there are too many."""
    if count <= 0:
        return set()
    found = sorted(bodies, key=lambda body: body.since)[:count]
    urgent = count + MOST_WAITING - _FAR_TOO_MANY
    return {
        body for number, body in enumerate(found) if number < urgent or body.since < now - _PATIENCE
    }
