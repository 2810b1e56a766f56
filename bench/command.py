"""The command line: which measurement is asked for, and where its results go."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from . import batches, layers, machine, page, profiling, report, stores, sweeps
from .cases import UnknownCase, chosen
from .contenders import EVERYONE, LABELS, NODE, OURS, REF, launch
from .exchange import WrongAnswer
from .installs import InstallError, Installs, prepare
from .load import LoadError
from .measure import QUICK, Bench, Measured, Plan
from .places import CACHE, LAST, RESULTS, ROOT
from .processes import Cores, ServerError

EPILOG = """
python -m bench --runs 2 --sweeps     everything, as in docs/performance.md (about an hour)
python -m bench --quick http          a short look at one case
python -m bench --profile cloudevent  where one case's instructions go (--with py-spy: its time)
python -m bench layers                cost of each layer beside the stored baseline (--save: store)
python -m bench stores                idempotent functions, by store; published
python -m bench batches               batches of events beside single ones; published
python -m bench render                write docs/performance.md again from bench/results.json
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("words", nargs="*", metavar="CASE", help="cases, or layers, or render")
    options.add_argument("--quick", action="store_true", help="short rounds; nothing is stored")
    options.add_argument("--runs", type=int, default=1, help="complete runs, one after the other")
    options.add_argument("--rounds", type=int, help="rounds of throughput")
    options.add_argument("--seconds", type=float, help="seconds of load per contender and round")
    options.add_argument(
        "--only",
        metavar="NAME,NAME",
        type=_contenders,
        default=EVERYONE,
        help=f"contenders, of {', '.join(LABELS)} (default: all)",
    )
    options.add_argument("--sweeps", action="store_true", help="connections, bodies, blocked calls")
    options.add_argument("--profile", metavar="CASE", help="say where a request's cost goes")
    options.add_argument(
        "--with",
        dest="profiler",
        choices=profiling.PROFILERS,
        default=profiling.PROFILERS[0],
        help="how: counted instructions or samples of time (default: %(default)s)",
    )
    options.add_argument("--save", action="store_true", help="layers: store as the new baseline")
    return options


def _contenders(text: str) -> frozenset[str]:
    names = frozenset(text.split(","))
    if not names <= EVERYONE:
        unknown = ", ".join(sorted(names - EVERYONE))
        raise argparse.ArgumentTypeError(f"no contender is called {unknown}")
    return names


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 when every target asked about holds, 1 when not, 2 for misuse."""
    options = parser().parse_args(argv)
    CACHE.mkdir(exist_ok=True)
    try:
        return _act(options)
    except (UnknownCase, InstallError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    except (
        LoadError,
        ServerError,
        WrongAnswer,
        layers.LayerError,
        profiling.ProfileError,
    ) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1


def _act(options: argparse.Namespace) -> int:
    if options.words == ["render"]:
        page.write(json.loads(RESULTS.read_text()))
        return 0
    if options.profile is not None:
        (case,) = chosen([options.profile])
        contender = OURS if options.only == EVERYONE else min(options.only)
        if contender in (REF, NODE):
            raise profiling.ProfileError("only this framework and the bare server are profiled")
        installs = prepare()
        one = launch(contender, case, installs)
        print(profiling.profile(one, Cores.choose(), options.profiler))
        if contender == OURS and options.profiler == "callgrind":
            print(
                f"\nof which, by layer (respond is all of them):\n\n{_layers(installs, case.name)}"
            )
        return 0
    if options.words == ["stores"]:
        return _published(options, "stores", stores, page.stores)
    if options.words == ["batches"]:
        return _published(options, "batches", batches, page.batches)
    if options.words == ["layers"]:
        table, risen = layers.run(prepare(), is_saved=options.save)
        print(table)
        if risen:
            print(f"\nmore than {layers.SLACK:.0%} above the baseline: {', '.join(risen)}")
        return 1 if risen else 0
    return _measure(options)


def _published(options: argparse.Namespace, name: str, what: Any, table: Any) -> int:
    """Measure something of its own, show its table and keep it."""
    points = what.run(prepare(), Cores.choose(), options.seconds or Plan().seconds)
    print(table(points))
    if not options.quick:
        _store(json.loads(RESULTS.read_text()) | {name: points}, is_complete=True)
    return 0 if all(map(what.has_passed, points)) else 1


def _layers(installs: Installs, case: str) -> str:
    """Instructions of a case's layers, as a table."""
    lines = [(name, f"{cost:,}") for name, cost in layers.count(installs, case).items()]
    return report.plain(("layer", "instructions"), lines)


def _measure(options: argparse.Namespace) -> int:
    cases = chosen(options.words)
    plan = QUICK if options.quick else Plan()
    plan = plan._replace(
        rounds=options.rounds or plan.rounds, seconds=options.seconds or plan.seconds
    )
    installs = prepare()
    bench = Bench(installs, Cores.choose(), plan, _say, options.only)
    is_complete = not options.quick and not options.words and options.only == EVERYONE
    found: dict[str, Any] = {
        "machine": machine.describe(),
        "versions": installs.versions,
        "plan": plan._asdict(),
        "runs": [],
    }
    has_passed = True
    for _ in range(options.runs):
        measured = bench.run(cases)
        found["runs"].append(measured.to_dict())
        has_passed = _show(measured) and has_passed
        _store(found, is_complete=is_complete)
    if options.sweeps:
        found["sweeps"] = sweeps.run(bench, is_quick=options.quick)
        _store(found, is_complete=is_complete)
    return 0 if has_passed else 1


def _show(measured: Measured) -> bool:
    """Print the table; True when nothing in it is missed or given up."""
    rows = report.rows(measured)
    print(report.plain(report.HEADINGS, map(report.cells, rows)))
    for name, reason in measured.aborted.items():
        print(f"{name}: given up: {reason}")
    return not measured.aborted and all(row.has_passed is not False for row in rows)


def _store(found: dict[str, Any], *, is_complete: bool) -> None:
    """Keep the results: a complete run's with the page made from it, any other's in the cache."""
    place = RESULTS if is_complete else LAST
    if is_complete and place.exists():
        kept = json.loads(place.read_text())
        found = {
            name: kept[name] for name in ("batches", "stores", "sweeps") if name in kept
        } | found
    place.write_text(json.dumps(found, indent=1) + "\n")
    if is_complete:
        page.write(found)
    print(f"written: {place.relative_to(ROOT)}")


def _say(line: str) -> None:
    print(line, flush=True)
