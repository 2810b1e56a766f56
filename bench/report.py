"""The results as a table with targets: what was asked for, what was found, whether it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .cases import CASES, Case
from .contenders import BARE, OURS, REF
from .figures import Ratio, median, ratio
from .measure import Measured, Series


class Row(NamedTuple):
    """One target and what became of it.

    Attributes:
        what: the case.
        beside: whom we are compared with.
        measure: what is compared.
        ours: our median, with unit.
        theirs: the other's.
        found: the ratio.
        target: the ratio asked for, None for none.
        is_floor: the ratio has to be at least the target; at most it, if False.
    """

    what: str
    beside: str
    measure: str
    ours: str
    theirs: str
    found: Ratio
    target: float | None
    is_floor: bool

    @property
    def has_passed(self) -> bool | None:
        """Whether the target is met, None without one."""
        if self.target is None:
            return None
        if self.is_floor:
            return self.found.median >= self.target
        return self.found.median <= self.target


def rows(measured: Measured, cases: Iterable[Case] = CASES) -> list[Row]:
    """Every comparison with a target, in the table's order; cases given up or not run have none."""
    kept = [case for case in cases if case.name not in measured.aborted]
    found: list[Row] = []
    for case in kept:
        series = measured.rate.get(case.name, {})
        for beside, target in ((REF, case.at_least_ref), (BARE, case.at_least_bare)):
            if target is not None:
                found += _row(case, series, "requests/s", beside, target)
    for case in kept:
        if case.start_at_most is not None:
            found += _row(
                case, measured.start.get(case.name, {}), "start-up", REF, case.start_at_most
            )
    for case in kept:
        found += _row(case, measured.memory.get(case.name, {}), "memory", REF, case.memory_at_most)
    for case in kept:
        found += _row(case, measured.p99.get(case.name, {}), "p99 latency", REF, case.p99_at_most)
    return found


def _row(case: Case, series: Series, measure: str, beside: str, target: float) -> list[Row]:
    ours, theirs = series.get(OURS), series.get(beside)
    if not ours or not theirs:
        return []
    return [
        Row(
            what=case.label,
            beside=beside,
            measure=measure,
            ours=amount(measure, median(ours)),
            theirs=amount(measure, median(theirs)),
            found=ratio(ours, theirs),
            target=target,
            is_floor=measure == "requests/s",
        )
    ]


def amount(measure: str, value: float) -> str:
    """A number with its unit, short enough for a table.

    Args:
        measure: `requests/s`, `start-up` or `p99 latency` (both in seconds), `memory` (in bytes).
        value: the number.
    """
    if measure == "memory":
        return f"{value / 1e6:.1f} MB"
    if measure == "requests/s":
        return f"{value:,.0f}"
    return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


def cells(row: Row) -> tuple[str, ...]:
    """A row's texts, in the order of `HEADINGS`."""
    sign = "≥" if row.is_floor else "≤"
    verdict = {True: "pass", False: "**miss**", None: ""}[row.has_passed]
    return (
        row.what,
        row.measure,
        row.ours,
        f"{row.theirs} ({row.beside})",
        f"{row.found.median:.2f} ({row.found.low:.2f}–{row.found.high:.2f})",
        f"{sign} {row.target:g}" if row.target is not None else "",
        verdict,
    )


HEADINGS = ("case", "measure", "ours", "beside", "ratio (spread)", "target", "result")


def markdown(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    out = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    out += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(out)


def plain(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """The same for a terminal, in columns."""
    shown = [tuple(headings), *(tuple(line) for line in lines)]
    widths = [max(len(line[column]) for line in shown) for column in range(len(headings))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in shown
    )
