"""`docs/performance.md` and its plot, written from a complete run's results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import plot, report
from .batches import AT_MOST, share_of
from .cases import CASES
from .contenders import BARE, BARE_READ, LABELS, NODE, OURS, REF
from .figures import median
from .measure import CONNECTIONS, Measured
from .places import PAGE, PLOT
from .report import amount, markdown
from .stores import AT_LEAST

COLOURS = {REF: "#8c959f", NODE: "#4a8f4a", OURS: "#0b69d6", BARE: "#c8a13a", BARE_READ: "#e3cf95"}
ORDER = (REF, NODE, OURS, BARE_READ, BARE)

INTRO = """\
# Performance

<!-- Written by `python -m bench`; change the text in bench/page.py. -->

A function's cost is its CPU time, its memory and its cold start. This page says what the framework
itself adds to them, measured beside `{reference}` (`ref`), beside a two-line application on
the same server (`bare`), and beside the Node.js framework. Read ratios, not absolute numbers: the
contenders take turns in every round, a ratio is taken within a round, and the table shows the
median of these ratios with the smallest and the largest.

![Requests per second by case]({plot})
"""

METHOD = """\
## How it is measured

* The server is kept on one core and the load generator (`wrk`, one thread, {connections} keep-alive
  connections, all busy) on another. Every contender gets a fresh server in every round, a second of
  warm-up, then {seconds:g} s of load; {rounds} rounds. A failed request under load voids the case.
* Before anything is timed the response is compared, status, body and headers; a wrong response ends
  the case.
* `bare` is measured with a plain `GET` of its greeting in every case, also beside events that have
  a body and headers to read. `{bare_read}` gets the same request as the framework and
  reads its body: what is between the two is the price of the request, not of the framework.
* Start-up is the time from starting the process to the first right response on a port that is tried
  without pause: the median of {starts} starts after one that fills the byte-code and file caches.
* Memory is the sum of the proportional set sizes (PSS) of all processes after 10 requests.
* The 99th percentile of latency is `wrk`'s, at the same load.
"""

STORES = """\
## Idempotent functions

Events per second, each with an id of its own, of a CloudEvent function that returns at once; the
server is on one core, a Redis server where the system puts it:
"""

BATCHES = """\
## Batches

Events per second of a CloudEvent function that returns at once, sent one by one and 100 in a batch;
the server is on one core:
"""

REPEAT = """\
## How to repeat it

On Linux with two cores at least, `wrk`, and Node.js with npm if it is to be measured as well:

```sh
python -m bench --runs 2 --sweeps   # everything on this page, about an hour
python -m bench --quick http        # a short look at one case; nothing is stored
python -m bench --profile http      # where one case's instructions go
python -m bench layers              # cost of each layer beside the stored baseline
```

The virtual environments are made in `.bench/`. Every single measurement is in
[`bench/results.json`](../bench/results.json).
"""


def write(found: Mapping[str, Any]) -> None:
    """Write the page and its plot.

    Args:
        found: what `bench/results.json` holds.
    """
    runs = [Measured.from_dict(run) for run in found["runs"]]
    PAGE.parent.mkdir(exist_ok=True)
    PLOT.write_text(picture(runs[-1]))
    PAGE.write_text(render(found, runs))


def render(found: Mapping[str, Any], runs: Sequence[Measured]) -> str:
    """The page's text."""
    plan, versions = found["plan"], found["versions"]
    reference = f"functions-framework=={versions['ref functions-framework']}"
    parts = [
        INTRO.format(reference=reference, plot=PLOT.name),
        "## Targets\n",
        _targets(runs),
        "",
        "## Everyone's requests per second\n",
        _everyone(runs[-1]),
        "",
        METHOD.format(
            connections=CONNECTIONS, bare_read=LABELS[BARE_READ],
            **{name: plan[name] for name in ("seconds", "rounds", "starts")},
        ),
        *_sweeps(found.get("sweeps", {})),
        *([BATCHES, batches(found["batches"]), ""] if "batches" in found else []),
        *([STORES, stores(found["stores"]), ""] if "stores" in found else []),
        "## Machine and versions\n",
        markdown(("what", "which"), [*found["machine"].items(), *versions.items()]),
        "",
        REPEAT,
    ]  # fmt: skip
    return "\n".join(parts)


def _targets(runs: Sequence[Measured]) -> str:
    """One line a target; a target holds only if it holds in every run."""
    by_run = [{row[:3]: row for row in report.rows(run)} for run in runs]
    headings = list(report.HEADINGS)
    spread = [f"run {number + 1}: ratio (spread)" for number in range(len(runs))]
    headings[4:5] = spread if len(runs) > 1 else ["ratio (spread)"]
    lines = []
    for key, last in by_run[-1].items():
        each = [rows[key] for rows in by_run if key in rows]
        texts = list(report.cells(last))
        texts[4:5] = [report.cells(row)[4] for row in each]
        texts += [""] * (len(headings) - len(texts))
        if not all(row.has_passed for row in each) or len(each) < len(runs):
            texts[-1] = "**miss**"
        lines.append(texts)
    aborted = [
        f"\n`{name}` was given up in run {number + 1}: {reason}"
        for number, run in enumerate(runs)
        for name, reason in run.aborted.items()
    ]
    return "\n".join([markdown(headings, lines), *aborted])


def _everyone(run: Measured) -> str:
    lines = []
    for case in CASES:
        series = run.rate.get(case.name, {})
        texts = [f"{median(series[who]):,.0f}" if series.get(who) else "–" for who in ORDER]
        lines.append([case.label, *texts])
    return markdown(["case", *(LABELS[who] for who in ORDER)], lines)


def picture(run: Measured) -> str:
    """The plot of one run."""
    legend = [(LABELS[who], COLOURS[who]) for who in ORDER]
    groups = [
        plot.Group(
            case.name,
            [
                plot.Bar(place, median(run.rate[case.name][who]))
                for place, who in enumerate(ORDER)
                if run.rate.get(case.name, {}).get(who)
            ],
        )
        for case in CASES
    ]
    return plot.bars("Requests per second, one core", legend, groups)


def _sweeps(sweeps: Mapping[str, list[dict[str, Any]]]) -> list[str]:
    if not sweeps:
        return []
    return [
        "## How cost grows\n",
        "Requests per second and 99th percentile of latency, by number of connections:\n",
        _grid(sweeps["connections"], "connections", _rate),
        "",
        "Bytes of body per second, by size, up and down, whole and streamed, 4 connections:\n",
        _grid(sweeps["bodies"], "size", _flow),
        "",
        "Requests per second beside calls blocked in I/O, by their number (192 threads):\n",
        _grid(sweeps["blocked"], "blocked", _rate),
        "",
    ]


def stores(points: Sequence[dict[str, Any]]) -> str:
    """The table of idempotent functions."""
    lines = [
        [point["kind"], point["store"], _rate(point), f"{AT_LEAST[point['store']]:,}"]
        for point in points
    ]
    return markdown(["function", "store", "events/s (p99 latency)", "at least"], lines)


def batches(points: Sequence[dict[str, Any]]) -> str:
    """The table of batches."""
    lines = [
        [
            point["kind"],
            f"{point['single']:,.0f}",
            f"{point['batch']:,.0f}",
            f"{share_of(point):.0%}",
            f"{AT_MOST:.0%}",
        ]
        for point in points
    ]
    head = ["function", "events/s one by one", "events/s in batches", "cost of an event", "at most"]
    return markdown(head, lines)


def _grid(points: Sequence[dict[str, Any]], across: str, shown: Any) -> str:
    columns = sorted({point[across] for point in points})
    keys = list(dict.fromkeys((point["case"], point["contender"]) for point in points))
    lines = []
    for key in keys:
        line = {p[across]: p for p in points if (p["case"], p["contender"]) == key}
        texts = [shown(line[column]) if column in line else "–" for column in columns]
        lines.append([*key, *texts])
    heads = [size(column) if across == "size" else str(column) for column in columns]
    return markdown(["case", "contender", *heads], lines)


def _rate(point: Mapping[str, Any]) -> str:
    if "failure" in point:
        return "no response"
    failed = f", {point['failures']} failed" if point["failures"] else ""
    return f"{point['rate']:,.0f} ({amount('p99 latency', point['p99'])}{failed})"


def _flow(point: Mapping[str, Any]) -> str:
    if "failure" in point:
        return "no response"
    failed = f" ({point['failures']} failed)" if point["failures"] else ""
    return f"{point['bytes_per_second'] / 1e6:,.1f} MB/s{failed}"


def size(length: int) -> str:
    """A number of bytes in the unit that fits: 1024 is `1 KiB`."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if length >= unit:
            return f"{length / unit:g} {name}"
    return f"{length} B"
