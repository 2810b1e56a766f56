"""The measured part of `docs/scaling.md` and its plot: curves of workers, and the simulation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from . import workers
from .contenders import OURS, REF
from .figures import median
from .places import DOCS
from .plot_lines import Panel, Series, panels
from .points import Point, Run, find, of_group, values
from .record import RecordError
from .report import amount, markdown
from .scaling import HPA, KNATIVE, Instance, Outcome, Scaler, Work, cluster, curve_of

PAGE = DOCS / "scaling.md"
PLOT = DOCS / "scaling.svg"
START = "<!-- measured and simulated by `python -m bench`; text in bench/scaling_page.py -->\n"
END = "<!-- end of what is measured -->\n"
RATES = (1e3, 1e4, 1e5, 1e6)
SCALERS = (HPA, KNATIVE)
TARGETS = (0.5, 0.65, 0.8)
READY = (1, 5, 30)
EXAMPLE = 1e5
_WAIT = 0.02

_SIMULATED = """\
### The simulation

What a request costs here, from the measurements on [Performance](performance.md):

{works}

An instance is one worker on one core with 128 threads. This is what a load does that becomes three
times as large at once, ten minutes into half an hour: instances before it and at the end, the 99th
percentile of latency over all requests, the share of requests that took more than a second, and
core-seconds paid for a million requests.

![Latency by utilisation, and what autoscaling does]({plot})

{clusters}

The jump is what hurts: late requests wait for instances that are not there yet, and only a target
of a third or less would have had room for them. Knative looks every two seconds and sees the
requests that wait. An HPA on CPU time looks every 15 seconds and cannot see more than 100% in
use; of functions that wait for others it sees nearly nothing, so it falls behind while its
instances look idle: scale those on requests under way (Knative, KEDA, a custom metric). In steady
load, latency is that of one instance at the target utilisation, however many there are.

The two settings that matter most, for {rate:,.0f} requests/s of 1 ms of CPU time each and an HPA:

{knobs}

The framework's own share shows in the greetings: a million of them a second are served by {ours},
and by {ref} with 3.10, before the function has done anything.
"""

_MEASURED = """\
### One worker and two, measured

Requests per second and 99th percentile of latency, by calls at once, on two cores that the load
generator shares; with two workers, how many times the rate of one that is:

{table}
"""


def works(run: Run) -> dict[str, Work]:
    """What a request needs, by kind of function, from a run's measurements."""
    points = of_group(run, "cases")
    ours = 1 / median(values(find(points, "http", OURS), "rate"))
    theirs = 1 / median(values(find(points, "http", REF), "rate"))
    return {
        "greeting": Work(ours),
        "greeting on 3.10": Work(theirs),
        "1 ms of CPU time": Work(1e-3 + ours),
        "20 ms of waiting": Work(ours * 2, _WAIT),
    }


def write(run: Run) -> None:
    """Bring the page's measured part and its plot up to date.

    Raises:
        RecordError: the greeting was not measured, with which the simulation is fed.
    """
    points = of_group(run, "cases")
    if not all(values(find(points, "http", who), "rate") for who in (OURS, REF)):
        raise RecordError("the greeting was not measured: `python -m bench run --only cases`")
    before, _, rest = PAGE.read_text().partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n{render(run)}\n{END}{after}")
    PLOT.write_text(picture(works(run)))


def render(run: Run) -> str:
    """The measured part of the page."""
    found = works(run)
    outcomes = {
        (name, scaler, rate): cluster(work, Instance(), scaler, rate)
        for rate, (name, work), scaler in itertools.product(RATES, found.items(), SCALERS)
    }
    simulated = _SIMULATED.format(
        works=markdown(
            ("request", "CPU time", "waiting"),
            [
                (name, f"{work.cpu * 1e6:,.0f} µs", f"{work.wait * 1e3:g} ms")
                for name, work in found.items()
            ],
        ),
        plot=PLOT.name,
        clusters=markdown(_HEADS, _lines(outcomes)),
        rate=EXAMPLE,
        knobs=markdown(_KNOBS, _knobs(found["1 ms of CPU time"])),
        ours=_count(outcomes["greeting", HPA, RATES[-1]].before),
        ref=_count(outcomes["greeting on 3.10", HPA, RATES[-1]].before),
    )
    return "\n".join([*_measured(run), simulated.rstrip("\n")]) + "\n"


_HEADS = (
    "requests/s", "request", "autoscaler", "instances", "p99 latency", "over 1 s",
    "core-seconds a million",
)  # fmt: skip
_KNOBS = ("target", "instance ready after", "p99 latency", "over 1 s", "core-seconds a million")


def _lines(outcomes: dict[tuple[str, Scaler, float], Outcome]) -> Iterator[list[str]]:
    for (name, scaler, rate), found in outcomes.items():
        size = f"{found.before:,} → {found.after:,}"
        yield [f"{rate:,.0f}", name, scaler.name, size, *_costs(found)]


def _knobs(work: Work) -> Iterator[list[str]]:
    for target, ready in itertools.product(TARGETS, READY):
        scaler = HPA._replace(target=target, ready_after=ready)
        found = cluster(work, Instance(), scaler, EXAMPLE)
        yield [f"{target:.0%}", f"{ready} s", *_costs(found)]


def _costs(found: Outcome) -> list[str]:
    if found.is_behind:
        return ["falls behind", f"{found.late:.0%}", "–"]
    tail = f"{found.p99:.1f} s" if found.p99 >= 1 else amount("p99", found.p99)
    return [tail, f"{found.late:.1%}", f"{found.cost:,.0f} ({found.spent:,.0f} used)"]


def _count(instances: int) -> str:
    return f"{instances:,} instance{'s' * (instances != 1)}"


def _measured(run: Run) -> list[str]:
    """The table of workers, where it was measured."""
    points = of_group(run, "workers")
    if not points:
        return []
    lines = []
    for row, number in itertools.product(workers.KINDS.values(), workers.WORKERS):
        who = workers.name_of(number)
        texts = [_beside(points, row, who, place) for place in workers.CONNECTIONS]
        lines.append([row, who, *texts])
    heads = ["function", "workers", *(str(place) for place in workers.CONNECTIONS)]
    return [_MEASURED.format(table=markdown(heads, lines))]


def _beside(points: list[Point], row: str, who: str, place: int) -> str:
    point = find(points, row, who, place)
    rates, tails = values(point, "rate"), values(point, "p99")
    if not rates:
        return "–"
    alone = values(find(points, row, workers.name_of(1), place), "rate")
    times = (
        f"; × {median(rates) / median(alone):.2f}" if alone and who != workers.name_of(1) else ""
    )
    return f"{median(rates):,.0f} ({amount('p99', median(tails))}{times})"


def picture(found: dict[str, Work]) -> str:
    """Latency of one instance by utilisation, and of a cluster by load."""
    curves = {name: curve_of(work, Instance()) for name, work in found.items()}
    shown = [
        Panel("99th percentile of one instance", "% of its capacity", "ms", is_linear=True, series=
              [Series(name, [(share * 100, each.p99 * 1e3) for share, each in curve.points])
               for name, curve in curves.items()]),
        Panel("Median of one instance", "% of its capacity", "ms", is_linear=True, series=
              [Series(name, [(share * 100, each.p50 * 1e3) for share, each in curve.points])
               for name, curve in curves.items()]),
    ]  # fmt: skip
    grown = {
        name: [(rate, cluster(work, Instance(), KNATIVE, rate)) for rate in RATES]
        for name, work in found.items()
    }
    shown.append(_panel("Instances after the jump, Knative", "instances", grown, "after"))
    shown.append(_panel("Core-seconds for a million, Knative", "core-seconds", grown, "cost"))
    return panels("From one instance to a cluster, simulated", shown)


def _panel(title: str, up: str, grown: dict[str, list[tuple[float, Outcome]]], what: str) -> Panel:
    lines: Sequence[Series] = [
        Series(name, [(rate, float(getattr(found, what))) for rate, found in each])
        for name, each in grown.items()
    ]
    return Panel(title, "requests/s before the jump", up, lines)
