"""The tables of the page beside the list of targets: who stands where, and how cost grows."""

from __future__ import annotations

from collections.abc import Sequence

from . import bodies, features, growth, peers, targets
from .cases import CASES
from .contenders import BARE, BARE_READ, LABELS, LEAST, NODE, OURS, REF
from .figures import exponent, median
from .points import Point, Run, find, of_group, places_of, rows_of, values
from .report import amount, markdown, size
from .targets import Target

ORDER = (REF, NODE, OURS, LEAST, BARE_READ, BARE)
LINEAR = 1.1
"""Growth beyond this exponent is more than linear."""
NOTHING = "–"


def everyone(run: Run) -> str:
    """Requests per second of every case and contender."""
    points = of_group(run, "cases")
    lines = [
        [case.label, *(_middle(_point(run, points, case.name, who), "rate") for who in ORDER)]
        for case in CASES
    ]
    return markdown(["case", *(LABELS[who] for who in ORDER)], lines)


def _point(run: Run, points: Sequence[Point], row: str, who: str) -> Point | None:
    """Node.js takes turns with the peers where those serve the case too."""
    return find(points, row, who) or find(of_group(run, "peers"), row, who)


def beside_peers(runs: Sequence[Run]) -> str:
    """Everyone a user would pick instead, with both of our kinds as multiples of them."""
    points = of_group(runs[-1], "peers")
    lines = []
    for row in rows_of(points):
        for who, name in peers.LABELS.items():
            point = find(points, row, who)
            if point is None:
                continue
            rate = _middle(point, "rate")
            tail = _middle(point, "p99")
            beside = [] if who in _OURS else [_multiple(runs, row, mine, who) for mine in _OURS]
            lines.append([_ROWS[row], name, rate, tail, *(beside or [NOTHING, NOTHING])])
    heads = ["request", "server", "requests/s", "p99 latency"]
    return markdown([*heads, *(f"{_SHORT[mine]} beside it" for mine in _OURS)], lines)


_OURS = (OURS, peers.OURS_ASYNC)
_SHORT = {OURS: "our `def`", peers.OURS_ASYNC: "our `async def`"}
_ROWS = {"http": "`GET`, a greeting", "json": "`POST`, JSON in and out"}


def _multiple(runs: Sequence[Run], row: str, mine: str, who: str) -> str:
    asked = Target("peers", row, "rate", 1.0, mine, who)
    return _cell(runs, asked)


def _cell(runs: Sequence[Run], asked: Target) -> str:
    """The ratio of every run; bold where one is behind."""
    found = [targets.result(asked, of_group(run, asked.group)) for run in runs]
    text = " / ".join(
        f"{each.found.median:.2f}" if each.found is not None else NOTHING for each in found
    )
    return text if all(each.has_passed for each in found) else f"**{text}**"


def of_features(runs: Sequence[Run]) -> str:
    """The share of a greeting's rate that is left, by the framework's feature and by hand."""
    lines = []
    for feature in features.BY_HAND:
        line = [feature]
        for row in ("sync", "async"):
            for who in (feature, features.by_hand(feature)):
                asked = Target("features", row, "rate", 0.0, who, features.WITHOUT)
                line.append(_cell(runs, asked))
        lines.append(line)
    heads = [f"{kind}, {how}" for kind in ("`def`", "`async def`") for how in ("ours", "by hand")]
    return markdown(["feature", *heads], lines)


def of_bodies(runs: Sequence[Run]) -> str:
    """Bytes of body per second by way and size, with the ratios to the reference."""
    points = of_group(runs[-1], "bodies")
    moved = [point for point in points if "memory" not in point["row"]]
    sizes = places_of(moved)
    lines = []
    for row in targets.WAYS:
        line = [row]
        for place in sizes:
            flow = _middle(find(points, row, OURS, place), "flow")
            line.append(f"{flow} ({_cell(runs, Target('bodies', row, 'flow', 1.0, at=place))})")
        lines.append(line)
    return markdown(["body", *map(size, sizes)], lines)


def memory_of_bodies(run: Run) -> str:
    """Peak of memory above idle at the largest body."""
    points = of_group(run, "bodies")
    at = bodies.LARGE[-1]
    lines = [
        [row, *(_middle(find(points, f"{row}, memory", who, at), "above") for who in (REF, OURS))]
        for row in targets.WAYS
    ]
    return markdown(["256 MiB", LABELS[REF], LABELS[OURS]], lines)


def grown(run: Run, group: str) -> str:
    """A table of growth: rates by place, and how the cost of a request grows at its end."""
    points = of_group(run, group)
    places = places_of(points)
    lines = []
    for row in rows_of(points):
        for who in dict.fromkeys(point["who"] for point in points if point["row"] == row):
            line = [find(points, row, who, place) for place in places]
            for measure in _measured(line):
                texts = [_middle(point, measure) for point in line]
                name = f"{row}, {_OTHERS[measure]}" if measure in _OTHERS else row
                lines.append([name, who, *texts, steepness(line, measure)])
    heads = [_decimal(place) if group == "typed" else f"{place:,}" for place in places]
    return markdown(["function", "server", *heads, "growth"], lines)


def _decimal(length: int) -> str:
    """Bytes by thousands: 1000 is `1 KB`."""
    return f"{length // 10**6} MB" if length >= 10**6 else f"{length // 10**3} KB"


_OTHERS = {"start": "start-up", "memory": "memory"}


def _measured(line: Sequence[Point | None]) -> list[str]:
    present = [point for point in line if point is not None]
    return ["rate", *(name for name in ("start", "memory") if any(name in p for p in present))]


def steepness(line: Sequence[Point | None], measure: str) -> str:
    """The exponent of a line's cost between its last two places, bold where above linear."""
    # Of a rate, what counts is the processor time behind it: a busy neighbour does not change that.
    cost = "cpu" if measure == "rate" else measure
    power = exponent(
        [
            (float(point["at"]), median(values(point, cost)))
            for point in line
            if point is not None and values(point, cost)
        ]
    )
    if power is None:
        return NOTHING
    return f"n^{power:.2f}" if power <= LINEAR else f"**n^{power:.2f}**"


_NOTES = {
    "typed": """\
A byte of a long list costs more than one of a short list: its objects no longer fit the processor's
caches, and Python's garbage collector looks at them while they are made. `msgspec` alone, without
any server, takes 4 ns for a byte of 100 KB, 8 of 1 MB and 12 of 10 MB with the collector off, and
4, 9 and 16 with it on."""
}
"""What explains a table."""


def of_growth(run: Run) -> list[str]:
    """Every table of growth that was measured, each under its heading."""
    parts = []
    for name, (what, _) in growth.TABLES.items():
        if of_group(run, name):
            parts += [
                f"Requests per second by {what}:\n",
                grown(run, name),
                "",
                *([_NOTES[name], ""] if name in _NOTES else []),
            ]
    return parts


def of_connections(run: Run, group: str) -> str:
    """Rates with their 99th percentile of latency, by place."""
    points = of_group(run, group)
    places = places_of(points)
    lines = [
        [row, who, *(_with_tail(find(points, row, who, place)) for place in places)]
        for row in rows_of(points)
        for who in dict.fromkeys(point["who"] for point in points if point["row"] == row)
    ]
    return markdown(["function", "server", *(f"{place:,}" for place in places)], lines)


def of_batches(run: Run) -> str:
    """Events per second one by one and in batches, and other rates of a group, plainly."""
    lines = [
        [point["row"], point["who"], _middle(point, "rate"), _middle(point, "p99")]
        for group in ("batches", "stores")
        for point in of_group(run, group)
    ]
    return markdown(["function", "events", "events/s", "p99 latency of a request"], lines)


def _with_tail(point: Point | None) -> str:
    rate = _middle(point, "rate")
    return rate if rate == NOTHING or point is None else f"{rate} ({_middle(point, 'p99')})"


def _middle(point: Point | None, measure: str) -> str:
    found = values(point, measure)
    return amount(measure, median(found)) if found else NOTHING
