"""`docs/performance.md` and its plots, written from the complete runs."""

from __future__ import annotations

from collections.abc import Sequence

from . import batches, features, pictures, scaling_page, tables, targets
from .contenders import BARE_READ, LABELS
from .places import DOCS, PAGE, PLOT
from .points import Run, of_group
from .record import RecordError
from .report import HEADINGS, cells, markdown
from .session import CONNECTIONS

INTRO = """\
# Performance

<!-- Written by `python -m bench`; change the text in bench/page.py. -->

A function's cost is its CPU time, its memory and its cold start. This page says what the framework
itself adds to them, measured beside `{reference}` (`ref`), beside a two-line application on
the same server and interface (`bare`), and beside what else a user would pick. Read ratios, not
absolute numbers: the contenders take turns in every round, a ratio is taken within a round, and a
table shows the median of these ratios with the smallest and the largest. The whole was measured
twice, one run after the other; a target holds if it holds in both.

![Requests per second by case]({plot})
"""

LIMITS = """\
### What keeps targets out of reach

Counted in instructions (callgrind), which are the same on every machine, unless it says
otherwise.

* **Start-up.** Until its first response and its end a `def` takes 414 million in both processes,
  0.51 of the reference's 807: what is above 0.60 in time is the kernel's work for two processes.
  In processor time, of the reference's, the smallest server of two processes on the same engine
  takes 0.45 with a request class of Flask's, 0.30 with `msgspec` and the event's class, 0.38 with
  Starlette's classes; the framework takes 0.63, 0.45 and 0.47. To import an empty module takes
  0.35 million, so some 100 of its own take 35.
* **Memory.** Of the same servers, in units of the reference's: 0.68, 0.56 and 0.63, where the
  framework has 0.88, 0.76 and 0.75. Two processes are summed up: of the 5.3 MB of the one that
  looks after the worker 3.9 are a bare interpreter's, and the engine's file is 6.5 MB of the
  worker.
* **Sync functions beside the reference.** An application of a few lines on the same engine that
  only makes what a function is given, in a context of its own, without checks, routes or error
  handlers, takes 77,000 a request for a greeting, 157,000 for a CloudEvent, 166,000 for a
  background event and 92,000 for a typed function; the framework takes 88,000, 143,000, 166,000
  and 111,000. A bare greeting takes 55,000. In requests per second, and without that context,
  it ("making the argument", [below](#every-case)) makes 17 times the reference for a greeting, 16
  for a CloudEvent, 17.5 for a background event and 16 for a typed function.
* **Async CloudEvents and JSON.** The same with Starlette's classes, over the engine's ASGI side,
  makes 3.8 and 1.8 times the reference.
* **An async greeting beside Starlette's bare classes.** A bare application on the same engine,
  without anything of this framework, makes 0.71 of what these make on uvicorn.
* **JSON, async.** Six times the reference leaves about 6 µs more than the greeting takes for
  reading a body, two calls of a JSON library, a query, a status and a header.
* **A CloudEvent beside `bare`.** That one is sent a `GET` without headers; the one that reads the
  event is sent the same as the framework.
* **A record in JSON.** `logging.warning` with a handler that does nothing takes 51,700, with the
  standard library's `StreamHandler` 69,700, and ours, in JSON with its call, 82,000. The whole
  request takes some 90,000.
* **A line of the access log.** It takes 34,000 with what notes the response, of which 7,000 are
  its write. A function that writes one ready line to stderr keeps 0.90 of its rate.
* **Prometheus.** A function that counts and times its calls itself, by `prometheus_client`, keeps
  0.77.
* **CORS.** A function that returns the two headers itself keeps 0.79.
* **OpenTelemetry.** Of its SDK alone, a span with 13 attributes takes 205,000 and its encoding
  393,000, a span that is sampled out 33,500, and a count of a metric 69,000.
* **Streams.** The engine takes a part when the one before is on its way. A bare application moves
  parts of 64 KiB no faster.
* **Go** is compiled.
"""

PEERS = """\
## Beside others

A greeting and JSON in and out, everyone with one process on one core, {connections} connections.
The last two columns say how many times as fast our functions are, in each run; **bold** is where
the other one is ahead.

![Requests per second beside others]({plot})
"""

FEATURES = """\
## Features that are on, and their work done by hand

What is left of a greeting's rate in each run, with the feature, and with a function that does the
least of it itself: it writes a ready line, logs a record to a handler that makes JSON of it, counts
and times by `prometheus_client`, makes a span by OpenTelemetry's SDK, returns two headers.
"""

BODIES = """\
## Bodies

Bytes of body per second, and how many times the reference's that is in each run (**bold**: the
reference is ahead). Bodies up to 1 MiB are sent by `wrk` on 4 connections, longer ones by a client
of the bench on one.
"""

MEMORY = """\
Peak of memory above idle while one body of 256 MiB is moved:
"""

GROWTH = """\
## How cost grows

What a request costs as its surroundings grow. *Growth* is the exponent of the CPU time of a request
between the last two columns (of start-up and memory theirs): 0 costs the same, 1 grows in
proportion, **bold** is more than that.

![How cost grows]({plot})

Requests per second and 99th percentile of latency, by number of connections:
"""

BLOCKED = """\
Requests per second beside calls blocked in I/O, by their number (192 threads):
"""

WORKERS = """\
Requests per second and 99th percentile of latency with one worker and with two, by calls at once;
the server may use both cores here, and shares the second with the load. What follows from it is in
[Scaling](scaling.md).
"""

BATCHES = """\
## Events in batches, and once for each

Events per second of a CloudEvent function that returns at once: one by one, and {events} in a
batch; and of one that is [idempotent](idempotency.md), by store, each event with an id of its own.
"""

METHOD = """\
## How it is measured

* The server is kept on one core and the load generator (`wrk`, one thread, {connections} keep-alive
  connections, all busy, unless a table says otherwise) on another. The contenders of a row stand
  side by side, each with its own server and a second of warm-up, and take turns: {rounds} rounds of
  {seconds:g} s. A failed request under load voids the figure.
* Before anything is timed the response is compared, status, body and headers; a wrong response
  voids the figure.
* `bare` is measured with a plain `GET` of its greeting in every case, also beside events that have
  a body and headers to read. `{bare_read}` gets the same request as the framework and
  reads its body: what is between the two is the price of the request, not of the framework. Beside
  sync functions it is a WSGI application, beside async ones an RSGI one.
* HTTP/2 is measured by `h2load`, 8 connections of 32 streams.
* The reference has no async typed functions: its sync one stands beside ours.
* Start-up is the time from starting the process to the first right response on a port that is tried
  without pause: the median of {starts} starts after one that fills the byte-code and file caches.
* Memory is the sum of the proportional set sizes (PSS) of all processes after 10 requests.
* The 99th percentile of latency is `wrk`'s, at the same load.
"""

REPEAT = """\
## How to repeat it

On Linux with two cores at least, `wrk`, `h2load`, `redis-server`, and Node.js with npm if it is to
be measured as well:

```sh
python -m bench run                # everything on this page, a quarter of an hour
python -m bench run --short        # every figure once
python -m bench run --only bodies  # one group again
python -m bench --profile http     # where one case's instructions go
python -m bench layers             # cost of each layer beside the stored baseline
```

The virtual environments are made in `.bench/`. Every single measurement is in
[`bench/results.json`](../bench/results.json).
"""
PLOTS = {
    "": pictures.of_cases,
    "-peers": pictures.of_peers,
    "-growth": pictures.of_growth,
    "-workers": pictures.of_workers,
}


def write(runs: Sequence[Run]) -> None:
    """Write the page and its plots.

    Args:
        runs: the complete runs, the newest last.

    Raises:
        RecordError: there are none.
    """
    if not runs:
        raise RecordError("bench/results.json has no complete run: `python -m bench run` makes one")
    for name, draw in PLOTS.items():
        (DOCS / _plot(name)).write_text(draw(runs[-1]))
    PAGE.write_text(render(runs))
    scaling_page.write(runs[-1])


def _plot(name: str) -> str:
    return PLOT.name.replace(".svg", f"{name}.svg")


def render(runs: Sequence[Run]) -> str:
    """The page's text."""
    last = runs[-1]
    reference = f"functions-framework=={last['versions']['ref functions-framework']}"
    parts = [
        INTRO.format(reference=reference, plot=_plot("")),
        "## Targets\n",
        of_targets(runs),
        "",
        LIMITS,
        PEERS.format(plot=_plot("-peers"), connections=CONNECTIONS),
        tables.beside_peers(runs),
        *_left_out(last),
        "",
        "## Every case\n",
        tables.everyone(last),
        "",
        *_features(runs),
        BODIES,
        tables.of_bodies(runs),
        "",
        MEMORY,
        tables.memory_of_bodies(last),
        "",
        GROWTH.format(plot=_plot("-growth")),
        tables.of_connections(last, "connections"),
        "",
        *tables.of_growth(last),
        BLOCKED,
        tables.of_connections(last, "blocked"),
        "",
        WORKERS,
        tables.of_connections(last, "workers"),
        "",
        BATCHES.format(events=batches.EVENTS),
        tables.of_batches(last),
        "",
        METHOD.format(
            connections=CONNECTIONS, bare_read=LABELS[BARE_READ],
            **{name: last["plan"][name] for name in ("seconds", "rounds", "starts")},
        ),
        "## Machine and versions\n",
        markdown(("what", "which"), [*_runs(runs), *last["machine"].items(), *_versions(last)]),
        "",
        REPEAT,
    ]  # fmt: skip
    return "\n".join(parts)


def of_targets(runs: Sequence[Run]) -> str:
    """One line a target; a target holds only if it holds in every run."""
    found = [{each.target: each for each in targets.results(run)} for run in runs]
    headings = list(HEADINGS)
    spread = [f"run {number + 1}: ratio (spread)" for number in range(len(runs))]
    headings[4:5] = spread if len(runs) > 1 else ["ratio (spread)"]
    lines = [cells([each.get(target, _absent(target)) for each in found]) for target in found[-1]]
    return markdown(headings, lines)


def _absent(target: targets.Target) -> targets.Result:
    return targets.Result(target, None, None, None, "not measured in one of the runs")


def _features(runs: Sequence[Run]) -> list[str]:
    """What features leave beside their work done by hand, where every run has measured it."""
    by_hand = {features.by_hand(feature) for feature in features.BY_HAND}
    if not all(by_hand <= {point["who"] for point in of_group(run, "features")} for run in runs):
        return []
    return [FEATURES, tables.of_features(runs), ""]


def _left_out(run: Run) -> list[str]:
    return [f"\nNot measured here: {name} ({reason})." for name, reason in run["missing"].items()]


def _runs(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """When each run was measured, and of which source; a group measured later is named."""
    found = []
    for number, run in enumerate(runs, 1):
        times = [mark["at"] for mark in run["measured"].values()]
        sources = sorted({mark["source"] for mark in run["measured"].values()})
        found.append(
            (f"run {number}", f"{min(times)} to {max(times)}, commit {', '.join(sources)}")
        )
    return found


def _versions(run: Run) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in run["versions"].items()]
