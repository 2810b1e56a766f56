"""The command line: which measurement is asked for, and where its results go."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from . import layers, page, profiling, record, report, targets
from .cases import UnknownCase, chosen
from .contenders import LABELS, NODE, OURS, REF, launch
from .exchange import WrongAnswer
from .groups import GROUPS
from .installs import InstallError, prepare
from .load import LoadError
from .places import CACHE
from .points import Point, Run
from .processes import Cores, ServerError
from .session import FAULTS, SHORT, Plan, Session

QUIET = 0.5
"""Load of a machine that has nothing else to do."""

EPILOG = f"""
python -m bench run                   a complete run, in a quarter of an hour, published when whole;
                                      one that was interrupted goes on where it stopped
python -m bench prepare               install what is measured, and nothing more
python -m bench run --short           every figure once, to see that all of them can be measured
python -m bench run --only bodies     these groups of the newest complete run again
python -m bench bodies                a group, shown and not stored
python -m bench --profile cloudevent  where one case's instructions go (--with py-spy: its time)
python -m bench layers                cost of each layer beside the stored baseline (--save: store)
python -m bench render                write docs/performance.md again from bench/results.json

groups: {", ".join(GROUPS)}
"""


def parser() -> argparse.ArgumentParser:
    """The options."""
    options = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument(
        "word",
        nargs="?",
        default="run",
        metavar="WHAT",
        help="run, prepare, layers, render, or a group",
    )
    options.add_argument("--short", action="store_true", help="short rounds; nothing is published")
    options.add_argument("--fresh", action="store_true", help="begin anew, go on with no other run")
    options.add_argument(
        "--only", metavar="GROUP,GROUP", type=_groups, default=[], help="these groups alone"
    )
    options.add_argument("--rounds", type=int, help="rounds of load")
    options.add_argument("--profile", metavar="CASE", help="say where a request's cost goes")
    options.add_argument("--of", choices=LABELS, default=OURS, help="--profile: of whom")
    options.add_argument(
        "--with",
        dest="profiler",
        choices=profiling.PROFILERS,
        default=profiling.PROFILERS[0],
        help="how: counted instructions or samples of time (default: %(default)s)",
    )
    options.add_argument("--save", action="store_true", help="layers: store as the new baseline")
    return options


def _groups(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in GROUPS:
            raise argparse.ArgumentTypeError(
                f"no group is called {name!r}: choose from {', '.join(GROUPS)}"
            )
    return names


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 when every target asked about holds, 1 when not, 2 for misuse."""
    options = parser().parse_args(argv)
    CACHE.mkdir(exist_ok=True)
    try:
        return _act(options)
    except (UnknownCase, InstallError, record.RecordError) as error:
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
    if options.profile is not None:
        return _profile(options)
    if options.word == "render":
        page.write(record.published())
        return 0
    if options.word == "prepare":
        prepare(has_peers=True)
        return 0
    if options.word == "layers":
        table, risen = layers.run(prepare(), is_saved=options.save)
        print(table)
        if risen:
            print(f"\nmore than {layers.SLACK:.0%} above the baseline: {', '.join(risen)}")
        return 1 if risen else 0
    if options.word == "run":
        return _run(_session(options), options)
    (name,) = _known(options.word)
    run: Run = {"groups": {name: _measure(_session(options), name)}}
    return _show(run)


def _known(word: str) -> list[str]:
    try:
        return _groups(word)
    except argparse.ArgumentTypeError as error:
        raise UnknownCase(f"{error}; or run, prepare, layers, render") from None


def _session(options: argparse.Namespace) -> Session:
    plan = SHORT if options.short else Plan()
    if options.rounds is not None:
        plan = plan._replace(rounds=options.rounds)
    return Session(prepare(has_peers=True), Cores.choose(), plan, _say)


def _run(session: Session, options: argparse.Namespace) -> int:
    """Measure what a run lacks, keep each group as it is done, and publish what is whole."""
    place = record.SHORT if options.short else record.CURRENT
    is_repair = bool(options.only) and not place.exists()
    run = record.begin(session, place, is_fresh=options.fresh)
    names = options.only or record.missing(run)
    began, busy = time.monotonic(), os.getloadavg()[0]
    if busy > QUIET:
        _say(f"the machine is busy (load {busy:.1f}): the figures will mean little")
    for number, name in enumerate(names, 1):
        spent = time.monotonic() - began
        _say(f"--- {name} ({number}/{len(names)}, {spent:.0f} s so far): {GROUPS[name].what}")
        record.add(run, name, _measure(session, name), place)
    _say(f"--- done in {time.monotonic() - began:.0f} s")
    code = _show(run)
    if options.short:
        return code
    _publish(run, names if is_repair else None, place)
    return code


def _measure(session: Session, name: str) -> list[Point]:
    """A group's points; a fault that ends it is one of them, so that the others are measured."""
    try:
        return GROUPS[name].measure(session)
    except FAULTS as error:
        return [session.told({"row": name, "who": "all of it", "failure": str(error)})]


def _publish(run: Run, repaired: list[str] | None, place: Path) -> None:
    if repaired is not None and record.missing(run):
        page.write(record.replace_newest(repaired, run))
    elif record.missing(run):
        print(f"kept; a complete run still lacks {', '.join(record.missing(run))}")
        return
    else:
        page.write(record.publish(run))
    place.unlink()
    print("written: bench/results.json, docs/performance.md, docs/scaling.md and their plots")


def _show(run: Run) -> int:
    """Print the tables of a run; 0 when nothing in it is missed."""
    found = targets.results(run)
    if found:
        print(report.plain(report.HEADINGS, (report.cells([result]) for result in found)))
    missed = [result for result in found if not result.has_passed]
    for name in run["groups"]:
        for point in run["groups"][name]:
            if "failure" in point:
                print(f"FAILED: {name}, {point['row']}, {point['who']}: {point['failure']}")
    lost = [
        each
        for each in (targets.result(cell, run["groups"][cell.group]) for cell in targets.cells(run))
        if not each.has_passed
    ]
    for each in lost:
        print(f"behind: {report.where(each)} {report.spread(each)}")
    print(f"{len(missed)} of {len(found)} targets missed; behind in {len(lost)} cells")
    return 1 if missed or lost else 0


def _profile(options: argparse.Namespace) -> int:
    (case,) = chosen([options.profile])
    if options.of in (REF, NODE):
        raise profiling.ProfileError("only this framework and the bare server are profiled")
    installs = prepare()
    one = launch(options.of, case, installs)
    print(profiling.profile(one, Cores.choose(), options.profiler))
    if options.of == OURS and options.profiler == "callgrind":
        lines = [(name, f"{cost:,}") for name, cost in layers.count(installs, case.name).items()]
        print("\nof which, by layer (respond is all of them):\n")
        print(report.plain(("layer", "instructions"), lines))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
