"""What autoscaling does to latency and cost: a small queueing model, fed with measured times.

One instance is simulated request by request; a cluster is as many of them as an autoscaler keeps,
second by second. What is assumed is listed on the page (`docs/scaling.md`).
"""

from __future__ import annotations

import functools
import heapq
import math
import random
from collections.abc import Sequence
from typing import NamedTuple

SEED = 4
REQUESTS = 20_000
UTILISATIONS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
SECONDS = 1800
STEP_AT = 600
"""When the load becomes another, in seconds from the start."""


BEHIND = 60.0
"""Seconds of backlog at the end with which an autoscaler has not kept up."""


class Work(NamedTuple):
    """What a request needs.

    Attributes:
        cpu: seconds of one core, on average; they vary as an exponential distribution does.
        wait: seconds of waiting for others, always the same.
    """

    cpu: float
    wait: float = 0.0


class Instance(NamedTuple):
    """One container.

    Attributes:
        cores: workers with a core each.
        slots: requests it takes at once (threads, or the container's concurrency).
    """

    cores: int = 1
    slots: int = 128

    def capacity(self, work: Work) -> float:
        """Requests per second at which it has nothing left."""
        return min(self.cores / work.cpu, self.slots / (work.wait + work.cpu))


class Latency(NamedTuple):
    """Median and 99th percentile of the time in an instance, in seconds."""

    p50: float
    p99: float


def latency(work: Work, instance: Instance, rate: float, requests: int = REQUESTS) -> Latency:
    """Simulate one instance: requests come at random, wait for a slot, then for a core.

    Args:
        work: what each needs.
        instance: where.
        rate: requests per second, below its capacity.
        requests: how many are simulated; the first tenth is left out.
    """
    chance = random.Random(SEED)
    slots = [0.0] * instance.slots
    cores = [0.0] * instance.cores
    now = 0.0
    taken = []
    for _ in range(requests):
        now += chance.expovariate(rate)
        began = max(now, heapq.heappop(slots))
        # They all wait equally long, so they reach the cores in the order they came.
        ready = max(began + work.wait, heapq.heappop(cores))
        ended = ready + chance.expovariate(1 / work.cpu)
        heapq.heappush(cores, ended)
        heapq.heappush(slots, ended)
        taken.append(ended - now)
    kept = sorted(taken[requests // 10 :])
    return Latency(kept[len(kept) // 2], kept[len(kept) * 99 // 100])


class Curve(NamedTuple):
    """The latency of an instance by its utilisation."""

    points: tuple[tuple[float, Latency], ...]

    def at(self, utilisation: float) -> Latency:
        """The latency at a utilisation: of the next simulated one."""
        return next(
            (found for share, found in self.points if share >= utilisation), self.points[-1][1]
        )


@functools.cache
def curve_of(work: Work, instance: Instance) -> Curve:
    """Simulate an instance at every utilisation."""
    full = instance.capacity(work)
    found = [latency(work, instance, share * full) for share in UTILISATIONS]
    return Curve(tuple(zip(UTILISATIONS, found, strict=True)))


class Scaler(NamedTuple):
    """An autoscaler, by its published rule.

    Attributes:
        name: what it is called.
        target: the utilisation it aims at.
        period: seconds between two decisions.
        window: seconds its measure of the load looks back.
        ready_after: seconds until a new instance takes requests.
        hold: seconds for which it does not go below what it wanted before.
        growth: how many times as many instances it may have after one decision.
        tolerance: deviation from the target that it lets pass.
        is_on_cpu: it sees the CPU time that is used, which cannot be more than there is; otherwise
            the requests that are under way or wait, as a share of what an instance takes.
    """

    name: str
    target: float
    period: int
    window: int
    ready_after: int
    hold: int = 300
    growth: float = 2.0
    tolerance: float = 0.1
    is_on_cpu: bool = True


# Kubernetes: --horizontal-pod-autoscaler-sync-period, -tolerance, -downscale-stabilization and the
# default scale-up policy; Knative: stable-window, panic-window and max-scale-up-rate.
HPA = Scaler("HPA on CPU", 0.65, period=15, window=30, ready_after=5)
KNATIVE = Scaler("Knative on concurrency", 0.70, period=2, window=6, ready_after=5, hold=60,
                 growth=1000.0, tolerance=0.0, is_on_cpu=False)  # fmt: skip


class Outcome(NamedTuple):
    """What half an hour with a sudden change of the load costs.

    Attributes:
        before: instances before the change.
        after: instances at the end.
        p99: 99th percentile of latency over all requests, in seconds.
        worst: the longest backlog, in seconds of work.
        late: share of the requests that took more than a second.
        is_behind: at the end requests still waited for more than a minute.
        cost: core-seconds paid for a million requests.
        spent: core-seconds used for a million requests.
    """

    before: int
    after: int
    p99: float
    worst: float
    late: float
    is_behind: bool
    cost: float
    spent: float


def cluster(
    work: Work, instance: Instance, scaler: Scaler, rate: float, jump: float = 3.0
) -> Outcome:
    """Let an autoscaler follow a load that becomes `jump` times as large at once.

    Args:
        work: what a request needs.
        instance: what is scaled.
        scaler: how.
        rate: requests per second before the change.
        jump: the factor.
    """
    curve = curve_of(work, instance)
    each = instance.capacity(work)
    ready = wanted = max(1, math.ceil(rate / (each * scaler.target)))
    before, backlog, worst, paid = ready, 0.0, 0.0, 0.0
    unit = work.cpu / instance.cores if scaler.is_on_cpu else 1 / each
    seen, asked, starting = [rate * unit] * scaler.window, [wanted], list[tuple[int, int]]()
    times: list[tuple[float, float]] = []
    for second in range(SECONDS):
        load = rate * (jump if second >= STEP_AT else 1.0)
        ready += sum(count for at, count in starting if at == second)
        starting = [(at, count) for at, count in starting if at > second]
        full = ready * each
        backlog = max(0.0, backlog + load - full)
        worst = max(worst, backlog / full)
        found = curve.at(min(1.0, load / full))
        # 98 in 100 take the median time and two the 99th percentile, each behind the backlog.
        times += [
            (backlog / full + found.p50, load * 0.98),
            (backlog / full + found.p99, load * 0.02),
        ]
        paid += (ready + sum(count for _, count in starting)) * instance.cores
        asking = load + backlog / scaler.window
        seen = [*seen[1:], min(asking, full) * unit if scaler.is_on_cpu else asking * unit]
        if second % scaler.period == 0:
            wanted = _decide(scaler, sum(seen) / len(seen), wanted, asked)
            have = ready + sum(count for _, count in starting)
            if wanted > have:
                starting.append((second + scaler.ready_after, wanted - have))
            elif wanted < have:
                ready -= min(have - wanted, ready - 1)
    total = rate * (STEP_AT + jump * (SECONDS - STEP_AT))
    return Outcome(
        before, ready, _percentile(times, 0.99), worst,
        sum(weight for time, weight in times if time > 1) / total, backlog / full > BEHIND,
        paid / total * 1e6, work.cpu * 1e6,
    )  # fmt: skip


def _decide(scaler: Scaler, busy: float, wanted: int, asked: list[int]) -> int:
    """How many instances are wanted, by the ratio of what is used to what is aimed at.

    Args:
        scaler: the rule.
        busy: instances that the load would keep wholly busy.
        wanted: how many were wanted before.
        asked: every decision so far; the new one is added.
    """
    ratio = busy / wanted / scaler.target
    new = wanted if abs(ratio - 1) <= scaler.tolerance else math.ceil(wanted * ratio)
    new = min(new, max(wanted + 4, int(wanted * scaler.growth)))
    asked.append(max(1, new))
    return max(asked[-max(1, scaler.hold // scaler.period) :])


def _percentile(times: Sequence[tuple[float, float]], share: float) -> float:
    """The time that a share of the weight does not exceed."""
    left = sum(weight for _, weight in times) * share
    for time, weight in sorted(times):
        left -= weight
        if left <= 0:
            return time
    raise ValueError("no requests, so no percentile of their latency")
