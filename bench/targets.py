"""What is asked for, and whether a run holds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from . import batches, bodies, features, peers, rates, restarts, stores
from .cases import CASES
from .contenders import BARE, BARE_READ, OURS, REF
from .figures import Ratio, median, ratio
from .points import Point, Run, find, of_group, rows_of, values

_LABELS = {case.name: case.label for case in CASES}
MIB = 2**20


class Target(NamedTuple):
    """One thing that is asked for.

    Attributes:
        group: the group of points it is about.
        row: the row.
        measure: which of a point's measures.
        bound: the ratio asked for, or the amount where nobody stands beside.
        who: whose measure it is.
        beside: with whom it is compared, None for an amount.
        is_floor: at least the bound; at most it, if False.
        at: the place on the table's axis.
    """

    group: str
    row: str
    measure: str
    bound: float
    who: str = OURS
    beside: str | None = REF
    is_floor: bool = True
    at: object = None


class Result(NamedTuple):
    """What became of a target in one run.

    Attributes:
        target: what was asked for.
        ours: the median, None where it was not measured.
        theirs: the other's.
        found: the ratio, or the amount in its place.
        failure: why there is none.
    """

    target: Target
    ours: float | None
    theirs: float | None
    found: Ratio | None
    failure: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether the target is met; one that could not be measured isn't."""
        if self.found is None:
            return False
        if self.target.is_floor:
            return self.found.median >= self.target.bound
        return self.found.median <= self.target.bound


def label(target: Target) -> str:
    """What a target is about, as the table says it."""
    text = _LABELS.get(target.row, target.row)
    named = {
        "few": f"{text}, {rates.FEW} connections",
        "http2": f"{text}, HTTP/2",
        "mixed": f"{text}, {'`--asgi`' if target.who == rates.ASGI else 'beside an async one'}",
        "features": f"{target.row} http with {target.who}",
        "restarts": f"restart on a change, `{target.row}`",
        "batches": f"{target.row} cloudevent, 100 events in a batch",
        "stores": f"{target.row} idempotent cloudevent, {target.who}",
        "bodies": f"{target.row}, 256 MiB",
    }
    return named.get(target.group, text)


def results(run: Run) -> list[Result]:
    """Every target with what a run found, those of groups it lacks left out."""
    return [
        result(target, of_group(run, target.group))
        for target in every(run)
        if of_group(run, target.group)
    ]


def result(target: Target, points: list[Point]) -> Result:
    """What became of one target."""
    mine = find(points, target.row, target.who, target.at)
    ours = values(mine, target.measure)
    if target.beside is None:
        if not ours:
            return Result(target, None, None, None, _reason(mine))
        return Result(target, median(ours), None, Ratio(median(ours), min(ours), max(ours)))
    other = find(points, target.row, target.beside, target.at)
    theirs = values(other, target.measure)
    if not ours or len(ours) != len(theirs):
        return Result(target, None, None, None, _reason(mine) or _reason(other))
    return Result(target, median(ours), median(theirs), ratio(ours, theirs))


def _reason(point: Point | None) -> str:
    return "not measured" if point is None else str(point.get("failure", ""))


def every(run: Run) -> Iterator[Target]:
    """All targets, in the table's order; which peers there are is up to the run."""
    yield from _rates()
    yield from _starts()
    yield from _tails()
    for row, kept in features_of(run):
        yield Target("features", row, "rate", features.AT_LEAST[kept], kept, features.WITHOUT)
    for kind in restarts.KINDS:
        yield Target("restarts", kind, "restart", restarts.AT_MOST, OURS, None, is_floor=False)
    for row in batches.ROWS.values():
        yield Target("batches", row, "rate", 1 / batches.AT_MOST, batches.BATCH, batches.SINGLE)
    for store, bound in stores.AT_LEAST.items():
        for row in ("sync", "async"):
            yield Target("stores", row, "rate", bound, store, None)
    for point in of_group(run, "bodies"):
        if point["who"] == OURS and "memory" in point["row"] and "streamed" in point["row"]:
            yield Target(
                "bodies",
                point["row"],
                "above",
                16.0 * MIB,
                OURS,
                None,
                is_floor=False,
                at=point["at"],
            )


def cells(run: Run) -> Iterator[Target]:
    """The targets that are cells of tables of their own: bodies, and peers."""
    for point in of_group(run, "bodies"):
        if point["who"] == OURS and "memory" not in point["row"]:
            yield Target("bodies", point["row"], "flow", 1.0, at=point["at"])
    for point in of_group(run, "peers"):
        if point["who"] not in (OURS, peers.OURS_ASYNC):
            yield Target("peers", point["row"], "rate", 1.0, OURS, point["who"])
            yield Target("peers", point["row"], "rate", 1.0, peers.OURS_ASYNC, point["who"])


def features_of(run: Run) -> Iterator[tuple[str, str]]:
    """Each row of the features that were measured, with the feature."""
    points = of_group(run, "features")
    for row in rows_of(points):
        for point in points:
            if point["row"] == row and point["who"] in features.AT_LEAST:
                yield row, point["who"]


_AGAINST_REF = {
    "http": 14, "json": 10, "cloudevent": 16, "event": 15.5, "typed": 15,
    "async-http": 6.5, "async-json": 6, "async-cloudevent": 7, "async-typed": 7,
}  # fmt: skip
_AGAINST_BARE = {"http": 0.80, "cloudevent": 0.70, "async-http": 0.85}
_START = {"http": 0.60, "cloudevent": 0.42, "async-http": 0.42}


def _rates() -> Iterator[Target]:
    for case in CASES:
        yield Target("cases", case.name, "rate", _AGAINST_REF[case.name])
        if case.name in _AGAINST_BARE:
            yield Target("cases", case.name, "rate", _AGAINST_BARE[case.name], beside=BARE)
        if case.name == "async-http":
            yield Target("cases", case.name, "rate", 1.6, beside=peers.STRONGEST)
    for name in ("http", "cloudevent"):
        yield Target("few", name, "rate", 12)
        for beside in _bare(name):
            yield Target("few", name, "rate", 0.75, beside=beside)
        yield Target("few", name, "p99", 2, beside=BARE, is_floor=False)
    for name in ("http", "cloudevent", "async-http"):
        for beside in _bare(name):
            yield Target("http2", name, "rate", 0.75, beside=beside)
    for name in ("http", "cloudevent"):
        for who in (rates.ASGI, rates.MIXED):
            yield Target("mixed", name, "rate", 5, who)


def _bare(name: str) -> tuple[str, ...]:
    """The bare servers of a case: the second is sent what ours is, where that has a body."""
    return (BARE, BARE_READ) if name == "cloudevent" else (BARE,)


def _starts() -> Iterator[Target]:
    for name, bound in _START.items():
        yield Target("starts", name, "start", bound, is_floor=False)
    for case in CASES:
        bound = 0.92 if case.name in ("http", "json") else 0.66
        yield Target("starts", case.name, "memory", bound, is_floor=False)


def _tails() -> Iterator[Target]:
    for case in CASES:
        yield Target("cases", case.name, "p99", 0.6 if case.is_async else 0.1, is_floor=False)


WAYS = tuple(f"{kind} {way.replace('_', ' ')}" for kind in bodies.KINDS for way in bodies.WAYS)
"""The rows of the table of bodies."""
