"""The page's plots, drawn from a run."""

from __future__ import annotations

from . import growth, peers
from .cases import CASES
from .contenders import BARE, BARE_READ, LABELS, LEAST, NODE, OURS, REF
from .figures import median
from .plot import Bar, Group, bars
from .plot_lines import Panel, Series, panels
from .points import Point, Run, find, of_group, rows_of, values
from .tables import ORDER

COLOURS = {
    REF: "#8c959f", NODE: "#4a8f4a", OURS: "#0b69d6",
    LEAST: "#8a6d1f", BARE_READ: "#e3cf95", BARE: "#c8a13a",
}  # fmt: skip
_OURS_COLOURS = {OURS: "#0b69d6", peers.OURS_ASYNC: "#54a3f7"}
_ROWS = {"http": "greeting", "json": "JSON in and out"}


def of_cases(run: Run) -> str:
    """Requests per second of every contender in every case."""
    points = of_group(run, "cases")
    legend = [(LABELS[who], COLOURS[who]) for who in ORDER]
    groups = [
        Group(
            case.name,
            [
                Bar(place, median(values(point, "rate")))
                for place, who in enumerate(ORDER)
                for point in [find(points, case.name, who)]
                if values(point, "rate")
            ],
        )
        for case in CASES
    ]
    return bars("Requests per second, one core", legend, groups)


def of_peers(run: Run) -> str:
    """Ours beside everyone a user would pick instead: a group of bars for each server."""
    points = of_group(run, "peers")
    rows = rows_of(points)
    legend = [
        *((f"{_ROWS[row]}, ours", colour) for row, colour in zip(rows, _BLUES, strict=False)),
        *((f"{_ROWS[row]}, others", colour) for row, colour in zip(rows, _GREYS, strict=False)),
    ]
    groups = []
    for who, label in peers.LABELS.items():
        first = 0 if who in _OURS_COLOURS else len(rows)
        shown = [
            Bar(first + place, median(values(point, "rate")))
            for place, row in enumerate(rows)
            for point in [find(points, row, who)]
            if values(point, "rate")
        ]
        groups.append(Group(label.replace("`", ""), shown))
    return bars("Requests per second beside others, one core", legend, groups)


_BLUES = ("#0b69d6", "#54a3f7")
_GREYS = ("#6e7781", "#b4bcc4")


def of_growth(run: Run) -> str:
    """What a request costs as everything grows, a panel for each."""
    points = of_group(run, "connections")
    shown = []
    for row in rows_of(points):
        own = [point for point in points if point["row"] == row]
        lines = _by_who(own, "rate", 1.0)
        shown.append(Panel(f"connections, {row}", "connections", "requests/s", lines))
    for name, (what, _) in growth.TABLES.items():
        lines = _series(of_group(run, name), is_cost=True)
        shown.append(Panel(what, what, "µs of CPU time for a request", lines))
    return panels("How cost grows, one core", shown)


def of_workers(run: Run) -> str:
    """One worker and two: rate and 99th percentile of latency by connections."""
    points = of_group(run, "workers")
    shown = []
    for row in rows_of(points):
        own = [point for point in points if point["row"] == row]
        title = row.replace("`", "")
        shown.append(Panel(title, "calls at once", "requests/s", _by_who(own, "rate", 1.0)))
        shown.append(Panel(title, "calls at once", "p99 latency, ms", _by_who(own, "p99", 1e3)))
    return panels("One worker and two, on two cores", shown)


def _by_who(points: list[Point], measure: str, factor: float) -> list[Series]:
    return [
        Series(
            who,
            [
                (float(point["at"]), median(values(point, measure)) * factor)
                for point in points
                if point["who"] == who and values(point, measure)
            ],
        )
        for who in dict.fromkeys(point["who"] for point in points)
    ]


def _series(points: list[Point], *, is_cost: bool = False) -> list[Series]:
    """A line for each row and contender; a place at zero is drawn at a half.

    Args:
        points: of one group.
        is_cost: draw the processor time of a request, in microseconds, and not the rate.
    """
    measure, factor = ("cpu", 1e6) if is_cost else ("rate", 1.0)
    found = []
    for row in rows_of(points):
        for who in dict.fromkeys(point["who"] for point in points if point["row"] == row):
            line = []
            for point in points:
                numbers = values(point, measure)
                if point["row"] == row and point["who"] == who and numbers:
                    line.append((point["at"] or 0.5, median(numbers) * factor))
            found.append(Series(row if who == OURS else f"{row} {who}", line))
    return found
