"""Tables: targets with what was found, and the texts of single figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .targets import Result, label

WORDS = {
    "rate": "requests/s",
    "p99": "p99 latency",
    "start": "start-up",
    "memory": "memory",
    "restart": "time",
    "above": "memory above idle",
    "flow": "body bytes/s",
}
"""What each measure is called."""

HEADINGS = ("case", "measure", "ours", "beside", "ratio (spread)", "target", "result")


def amount(measure: str, value: float) -> str:
    """A number with its unit, short enough for a table.

    Args:
        measure: `rate` (per second), `start`, `restart`, `p50` or `p99` (in seconds), `memory` or
            `above` (in bytes), `flow` (in bytes per second).
        value: the number.
    """
    if measure in ("memory", "above"):
        return f"{value / 1e6:.1f} MB"
    if measure == "flow":
        return f"{value / 1e6:,.0f} MB/s"
    if measure == "rate":
        return f"{value:,.0f}"
    return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


def spread(result: Result) -> str:
    """The ratio of a run with its spread, the amount alone where nobody stands beside."""
    if result.found is None:
        return "–"
    if result.target.beside is None:
        low, high = (amount(result.target.measure, value) for value in result.found[1:])
        return f"{low}–{high}"
    return f"{result.found.median:.2f} ({result.found.low:.2f}–{result.found.high:.2f})"


def cells(each: Sequence[Result]) -> tuple[str, ...]:
    """A target's texts, with a column for each run.

    Args:
        each: the same target in every run, the newest last.
    """
    last = each[-1]
    target = last.target
    sign = "≥" if target.is_floor else "≤"
    bound = amount(target.measure, target.bound) if target.beside is None else f"{target.bound:.3g}"
    ours = "–" if last.ours is None else amount(target.measure, last.ours)
    theirs = "" if last.theirs is None else f"{amount(target.measure, last.theirs)} "
    failures = [result.failure for result in each if result.failure]
    verdict = "pass" if all(result.has_passed for result in each) else "**miss**"
    return (
        label(target),
        WORDS[target.measure],
        ours,
        f"{theirs}({target.beside})" if target.beside is not None else "–",
        *map(spread, each),
        f"{sign} {bound}",
        f"**not measured**: {failures[-1][:120]}" if failures else verdict,
    )


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


def where(result: Result) -> str:
    """Which cell of a table a result is."""
    target = result.target
    place = f" {size(target.at)}" if isinstance(target.at, int) else ""
    return f"{target.group}, {target.row}{place}, {target.who} beside {target.beside}:"


def size(length: int) -> str:
    """A number of bytes in the unit that fits: 1024 is `1 KiB`."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if length >= unit:
            return f"{length / unit:g} {name}"
    return f"{length} B"
