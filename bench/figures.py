"""Arithmetic on measurements: medians, ratios per round and their spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Ratio(NamedTuple):
    """How one series stands to another.

    Attributes:
        median: median of the ratios of each round.
        low: the smallest of them.
        high: the largest of them.
    """

    median: float
    low: float
    high: float


def median(values: Sequence[float]) -> float:
    """The median.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no measurements: the case was not run")
    return statistics.median(values)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """Divide round by round, then take the median, so that a slow minute of the machine cancels.

    Raises:
        ValueError: the series are empty, differ in length, or divide by zero.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rounds beside {len(theirs)}: expected as many")
    if any(value == 0 for value in theirs):
        raise ValueError("a round measured nothing: there is no ratio to it")
    each = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(median(each), min(each), max(each))


def exponent(points: Sequence[tuple[float, float]]) -> float | None:
    """How cost grows between the last two places: 1 is in proportion, 2 with the square.

    Args:
        points: place on the axis and cost, both in rising order of the place; places at zero are
            left out.

    Returns:
        The exponent, None where there are not two points.
    """
    kept = [(place, cost) for place, cost in points if place > 0]
    if len(kept) < 2:
        return None
    (near, less), (far, more) = kept[-2:]
    return math.log(more / less) / math.log(far / near)
