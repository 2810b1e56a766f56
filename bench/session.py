"""Measuring in rounds: the contenders of a row stand side by side and take turns under load."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from . import load
from .contenders import Launch
from .exchange import WrongAnswer
from .installs import Installs
from .load import Load, LoadError
from .points import Point, keep, named
from .processes import Cores, Patience, Server, ServerError, serving, used

CONNECTIONS = 32
WARM_UP = 0.4
ASKED_FIRST = 10
FAULTS = (LoadError, ServerError, WrongAnswer, OSError)
"""What makes a point a failure; everything else is a fault of the harness."""


# Nothing is in flight when a server is told to end; one that still lives then is killed.
_HURRIED = Patience(stop=2.0)


class Plan(NamedTuple):
    """How long a run takes.

    Attributes:
        rounds: of load, each contender once in each.
        seconds: of load per contender and round, whole ones.
        starts: rounds of start-up time, after one that is thrown away.
        weighings: rounds of memory where start-up is not asked about.
        saves: of a file, for the time of a restart.
        is_short: leave out what takes long; the figures mean little.
    """

    rounds: int = 4
    seconds: float = 1.0
    starts: int = 8
    weighings: int = 2
    saves: int = 10
    is_short: bool = False


SHORT = Plan(rounds=1, seconds=1.0, starts=1, weighings=1, saves=2, is_short=True)


class Loading(Protocol):
    """Something that puts load on a server, as `wrk` in `load.run` does."""

    def __call__(self, one: Launch, port: int, core: int, seconds: float) -> Load: ...


def by_wrk(connections: int = CONNECTIONS) -> Loading:
    """Load by so many connections that are kept alive."""

    def run(one: Launch, port: int, core: int, seconds: float) -> Load:
        return load.run(one.exchange, port, core, connections, seconds)

    return run


def one_by_one(one: Launch, port: int, core: int, seconds: float) -> Load:
    """Load by whole requests on one connection, each finished, for those that take long.

    What `wrk` leaves unfinished at the end of a round would be paid for in the next one.
    """
    taken: list[float] = []
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        while sum(taken) < seconds:
            began = time.perf_counter()
            one.exchange.send(port)
            taken.append(time.perf_counter() - began)
    finally:
        os.sched_setaffinity(0, allowed)
    taken.sort()
    middle, late = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return Load(len(taken) / sum(taken), middle, late, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a measurement needs to know of its surroundings.

    Attributes:
        installs: what is measured.
        cores: where it runs.
        plan: how long.
        say: called with a line of progress.
    """

    installs: Installs
    cores: Cores
    plan: Plan
    say: Callable[[str], None]

    def alternate(
        self,
        row: str,
        entrants: Sequence[tuple[str, Launch]],
        loading: Loading | None = None,
        *,
        at: object = None,
        rounds: int | None = None,
    ) -> list[Point]:
        """Load the contenders in turns and report their rates and latencies.

        Args:
            row: what the row is called.
            entrants: each contender with what it starts.
            loading: how they are loaded, `wrk` with 32 connections if not said.
            at: the place on the table's axis, none where it has no axis.
            rounds: how many, the plan's if not said.

        Returns:
            A point for each contender; one that fails is a point that says why.
        """
        load_by = loading or by_wrk()
        with contextlib.ExitStack() as kept:
            stands = [Stand.open(self, kept, one, named(row, who, at)) for who, one in entrants]
            for stand in stands:
                stand.load(load_by, WARM_UP, is_kept=False)
            for _ in range(rounds or self.plan.rounds):
                for stand in stands:
                    stand.load(load_by, self.plan.seconds)
            for stand in stands:
                stand.dismiss()
        return [self.told(stand.point) for stand in stands]

    def told(self, point: Point) -> Point:
        """Say what became of a point, and give it back."""
        self.say(shown(point))
        return point

    @contextlib.contextmanager
    def point(self, row: str, who: str, at: object = None) -> Iterator[Point]:
        """A point to be filled; a fault of what is measured becomes its reason."""
        point = named(row, who, at)
        try:
            yield point
        except FAULTS as error:
            point["failure"] = str(error)
        self.told(point)


@dataclass(slots=True)
class Stand:
    """One contender of a row: its server, if it started, and the point that is made."""

    session: Session
    one: Launch
    server: Server | None
    point: Point = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        session: Session,
        kept: contextlib.ExitStack,
        one: Launch,
        point: Point,
    ) -> Stand:
        """Start its server and see that it answers rightly more than once."""
        stand = cls(session, one, None, point)
        try:
            server = kept.enter_context(serving(one, session.cores, patience=_HURRIED))
            one.exchange.send(server.port, ASKED_FIRST)
            stand.server = server
        except FAULTS as error:
            stand.point["failure"] = str(error)
        return stand

    def dismiss(self) -> None:
        """Tell its server to end, which is waited for later: everyone ends at the same time."""
        if self.server is not None and self.server.process.poll() is None:
            self.server.process.terminate()

    def load(self, load_by: Loading, seconds: float, *, is_kept: bool = True) -> None:
        """Put load on it once, unless it has failed before."""
        if self.server is None or "failure" in self.point:
            return
        try:
            pid = self.server.process.pid
            before, began = used(pid), time.perf_counter()
            found = load_by(self.one, self.server.port, self.session.cores.load, seconds)
            cpu = (used(pid) - before) / max(1.0, found.rate * (time.perf_counter() - began))
            if found.failures:
                raise LoadError(f"{self.one.name}: {found.failures} requests failed under load")
            if not found.rate and is_kept:
                raise LoadError(f"{self.one.name}: no request was answered")
        except FAULTS as error:
            self.point["failure"] = str(error)
            return
        if is_kept:
            keep(self.point, rate=found.rate, p50=found.p50, p99=found.p99, cpu=cpu)


_FORMS = {
    "rate": ("{:,.0f}/s", 1.0),
    "p99": ("p99 {:.2f} ms", 1000.0),
    "cpu": ("{:.1f} µs of CPU", 1e6),
    "start": ("start {:.0f} ms", 1000.0),
    "restart": ("restart {:.0f} ms", 1000.0),
    "memory": ("{:.1f} MB", 1e-6),
    "above": ("{:+.1f} MB above idle", 1e-6),
    "flow": ("{:,.0f} MB/s", 1e-6),
}


def shown(point: Point) -> str:
    """A point as one line of progress."""
    place = f" {point['at']}" if "at" in point else ""
    head = f"{time.strftime('%H:%M:%S')}  {point['row']}{place}  {point['who']}: "
    if "failure" in point:
        return f"{head}FAILED: {point['failure']}"
    return head + ", ".join(_texts(point))


def _texts(point: dict[str, Any]) -> Iterator[str]:
    for name, (form, factor) in _FORMS.items():
        if point.get(name):
            middle = sorted(point[name])[len(point[name]) // 2]
            yield form.format(middle * factor)
