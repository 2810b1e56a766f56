"""Arithmetic on measurements: medians, ratios per round and their spread."""

from __future__ import annotations

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
