"""The measurements of one run, in alternating rounds: throughput, latency, start-up, memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from . import load
from .cases import Case
from .contenders import EVERYONE, contenders_for, launch
from .exchange import WrongAnswer
from .installs import Installs
from .load import LoadError
from .processes import Cores, ServerError, proportional_memory, serving

CONNECTIONS = 32
WARM_UP = 1.0
ASKED_BEFORE_WEIGHING = 10

Series = dict[str, list[float]]


class Plan(NamedTuple):
    """How long a run takes.

    Attributes:
        rounds: of throughput, each contender once in each.
        seconds: of load per contender and round.
        starts: rounds of start-up time, after one that is thrown away.
        weighings: rounds of memory.
    """

    rounds: int = 5
    seconds: float = 5.0
    starts: int = 15
    weighings: int = 3


QUICK = Plan(rounds=2, seconds=1.0, starts=3, weighings=1)


@dataclass(slots=True)
class Measured:
    """What one run found; every series has one number for each round, by contender.

    Attributes:
        rate: requests per second, by case.
        p99: 99th percentile of latency in seconds, by case.
        start: seconds from the process' start to its first right response, by case.
        memory: bytes, by case.
        aborted: why a case was given up, by case.
    """

    rate: dict[str, Series] = field(default_factory=dict)
    p99: dict[str, Series] = field(default_factory=dict)
    start: dict[str, Series] = field(default_factory=dict)
    memory: dict[str, Series] = field(default_factory=dict)
    aborted: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {name: getattr(self, name) for name in Measured.__slots__}

    @classmethod
    def from_dict(cls, value: dict[str, Any]) -> Measured:
        """What `to_dict` made."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything a measurement needs to know of its surroundings.

    Attributes:
        installs: what is measured.
        cores: where it runs.
        plan: how long.
        say: called with a line of progress.
        among: which contenders are measured.
    """

    installs: Installs
    cores: Cores
    plan: Plan
    say: Callable[[str], None]
    among: frozenset[str] = EVERYONE

    def run(self, cases: Iterable[Case]) -> Measured:
        """Measure the cases; one that answers wrongly is given up and named in `aborted`."""
        measured = Measured()
        for case in cases:
            self._case(case, measured)
        return measured

    def _case(self, case: Case, measured: Measured) -> None:
        try:
            self._throughput(case, measured)
            if case.start_at_most is not None:
                self._start(case, measured)
            self._memory(case, measured)
        except (WrongAnswer, ServerError, LoadError) as error:
            self.say(f"{case.name}: given up: {error}")
            measured.aborted[case.name] = str(error)

    def _throughput(self, case: Case, measured: Measured) -> None:
        contenders = contenders_for(case, self.installs, self.among)
        rates = measured.rate.setdefault(case.name, {name: [] for name in contenders})
        tails = measured.p99.setdefault(case.name, {name: [] for name in contenders})
        for turn in range(self.plan.rounds):
            for name in contenders:
                found = self._load(name, case)
                rates[name].append(found.rate)
                tails[name].append(found.p99)
                self.say(
                    f"{case.name} round {turn + 1}/{self.plan.rounds} {name}: "
                    f"{found.rate:,.0f} requests/s, p99 {found.p99 * 1000:.2f} ms"
                )

    def _load(self, name: str, case: Case) -> load.Load:
        one = launch(name, case, self.installs)
        with serving(one, self.cores) as server:
            core = self.cores.load
            load.run(one.exchange, server.port, core, CONNECTIONS, WARM_UP)
            found = load.run(one.exchange, server.port, core, CONNECTIONS, self.plan.seconds)
        if found.failures:
            raise LoadError(f"{one.name}: {found.failures} requests failed under load")
        return found

    def _start(self, case: Case, measured: Measured) -> None:
        contenders = contenders_for(case, self.installs, self.among)
        series = measured.start.setdefault(case.name, {name: [] for name in contenders})
        for turn in range(self.plan.starts + 1):
            for name in contenders:
                with serving(launch(name, case, self.installs), self.cores) as server:
                    if turn:  # the first one fills the caches: byte-code, files
                        series[name].append(server.start_time)
        self._say_medians(f"{case.name} start-up, ms", series, 1000)

    def _memory(self, case: Case, measured: Measured) -> None:
        contenders = contenders_for(case, self.installs, self.among)
        series = measured.memory.setdefault(case.name, {name: [] for name in contenders})
        for _ in range(self.plan.weighings):
            for name in contenders:
                one = launch(name, case, self.installs)
                with serving(one, self.cores) as server:
                    one.exchange.send(server.port, ASKED_BEFORE_WEIGHING - 1)
                    series[name].append(float(proportional_memory(server.process.pid)))
        self._say_medians(f"{case.name} memory, MB", series, 1e-6)

    def _say_medians(self, what: str, series: Series, factor: float) -> None:
        shown = (
            f"{name} {sorted(values)[len(values) // 2] * factor:,.1f}"
            for name, values in series.items()
            if values
        )
        self.say(f"{what}: {', '.join(shown)}")
