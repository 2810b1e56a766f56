"""The harness's arithmetic: medians, ratios per round, and what they refuse."""

from __future__ import annotations

import pytest
from bench.figures import exponent, median, ratio
from hypothesis import given
from hypothesis import strategies as st

from bench import layers

rates = st.lists(st.floats(1, 1e6), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([3.0], 3.0), ([5.0, 1.0, 3.0], 3.0), ([1.0, 2.0, 4.0, 9.0], 3.0)],
)
def test_median_is_the_middle_value(values: list[float], expected: float) -> None:
    assert median(values) == expected


def test_median_of_nothing_says_that_nothing_was_run() -> None:
    with pytest.raises(ValueError, match="no measurements"):
        median([])


def test_a_slow_round_of_the_machine_cancels() -> None:
    found = ratio([100.0, 10.0, 110.0], [10.0, 1.0, 10.0])
    assert found == (10.0, 10.0, 11.0)


@given(rates)
def test_a_series_beside_itself_is_one(series: list[float]) -> None:
    assert ratio(series, series) == (1.0, 1.0, 1.0)


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=1))
def test_the_median_lies_within_the_spread(pairs: list[tuple[float, float]]) -> None:
    found = ratio([mine for mine, _ in pairs], [other for _, other in pairs])
    assert found.low <= found.median <= found.high


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ([1.0], [1.0, 2.0], "1 rounds beside 2"),
        ([1.0], [0.0], "measured nothing"),
        ([], [], "no measurements"),
    ],
)
def test_ratio_refuses_what_has_none(ours: list[float], theirs: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ratio(ours, theirs)


def test_a_layer_that_takes_five_percent_more_instructions_is_named() -> None:
    baseline = {"a.decode": {"instructions": 1000.0}, "b.decode": {"instructions": 1000.0}}
    costs = {
        "a.decode": {"instructions": 1050.0, "nanoseconds": 9.0},
        "b.decode": {"instructions": 1051.0},
        "new.decode": {"instructions": 9.0},
    }
    assert layers.risen(costs, baseline) == ["b.decode"]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([(1, 5.0), (10, 5.0), (100, 50.0)], 1.0),
        ([(10, 1.0), (100, 100.0)], 2.0),
        ([(0, 9.0), (1, 7.0), (8, 7.0)], 0.0),
        ([(0, 9.0), (8, 7.0)], None),
    ],
)
def test_growth_is_that_between_the_last_two_places(
    points: list[tuple[float, float]], expected: float | None
) -> None:
    assert exponent(points) == (None if expected is None else pytest.approx(expected))
