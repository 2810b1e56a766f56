"""What was measured, as plain values: one point for a row, a contender and a place on an axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

Point = dict[str, Any]
"""`row` and `who` say what was measured, `at` where on the axis of its table (if it has one).

Beside them stands one list for each measure, with a number for each round: `rate` (requests or
events per second), `cpu` (seconds of processor time of the server for a request), `p50` and `p99`
(seconds of latency), `start` and `restart` (seconds), `memory` and `above` (bytes, in all and above
idle), `flow` (bytes of body per second); or `failure` with the reason.
"""
Run = dict[str, Any]
"""One complete run: `groups` holds the points of each group, `measured` when each was measured."""


def find(points: Iterable[Point], row: str, who: str, at: object = None) -> Point | None:
    """The point of this row, contender and place, None where there is none."""
    for point in points:
        if (point["row"], point["who"], point.get("at")) == (row, who, at):
            return point
    return None


def values(point: Point | None, measure: str) -> list[float]:
    """A point's numbers, none where it was not measured."""
    if point is None or "failure" in point:
        return []
    found: list[float] = point.get(measure, [])
    return found


def of_group(run: Run, group: str) -> list[Point]:
    """The points of a group in a run, none where it was not run."""
    found: list[Point] = run.get("groups", {}).get(group, [])
    return found


def rows_of(points: Sequence[Point]) -> list[str]:
    """The rows in the order they were measured."""
    return list(dict.fromkeys(point["row"] for point in points))


def places_of(points: Sequence[Point]) -> list[Any]:
    """The places on the axis, from the smallest on."""
    return sorted({point["at"] for point in points if point.get("at") is not None})


def named(row: str, who: str, at: object = None) -> Point:
    """A new point."""
    return {"row": row, "who": who} | ({} if at is None else {"at": at})


def keep(point: Point, **found: float) -> None:
    """Add what one round found."""
    for name, value in found.items():
        point.setdefault(name, []).append(value)
