"""Keeps what is measured: the run in progress, and the two newest complete ones."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import machine
from .groups import GROUPS
from .places import CACHE, RESULTS, ROOT
from .points import Point, Run
from .session import Session

FORMAT = 2
KEPT = 2
CURRENT = CACHE / "run.json"
SHORT = CACHE / "short.json"


class RecordError(Exception):
    """What is stored cannot be used; the text says what to do."""


def begin(session: Session, place: Path, *, is_fresh: bool = False) -> Run:
    """The run that is in progress in a file, or a new one.

    Args:
        session: what is measured.
        place: the file.
        is_fresh: begin a new one in any case.
    """
    about = {
        "machine": machine.describe(),
        "versions": session.installs.versions,
        "missing": session.installs.missing,
        "plan": session.plan._asdict(),
    }
    if place.exists() and not is_fresh:
        run: Run = json.loads(place.read_text())
        if all(run.get(name) == value for name, value in about.items()):
            return run
        session.say("the plan, the machine or a version has changed: a new run begins")
    return {**about, "began": _now(), "groups": {}, "measured": {}}


def add(run: Run, group: str, points: list[Point], place: Path) -> None:
    """Keep a group's points, in place of those it had."""
    run["groups"][group] = points
    run["measured"][group] = {"at": _now(), "source": source()}
    place.write_text(json.dumps(run, indent=1) + "\n")


def missing(run: Run) -> list[str]:
    """The groups a run lacks."""
    return [name for name in GROUPS if name not in run["groups"]]


def publish(run: Run) -> list[Run]:
    """Put a complete run with the newest ones, and give back those that are kept."""
    runs = [*published(), run][-KEPT:]
    _write(runs)
    return runs


def replace_newest(groups: Iterable[str], run: Run) -> list[Run]:
    """Put some groups of a run in the newest complete one in place of its own."""
    runs = published()
    if not runs:
        raise RecordError("there is no complete run: `python -m bench run` makes one")
    for name in groups:
        runs[-1]["groups"][name] = run["groups"][name]
        runs[-1]["measured"][name] = run["measured"][name]
    _write(runs)
    return runs


def published() -> list[Run]:
    """The complete runs, the oldest first; none where the file is of an older kind."""
    if not RESULTS.exists():
        return []
    found: dict[str, Any] = json.loads(RESULTS.read_text())
    return list(found["runs"]) if found.get("format") == FORMAT else []


def _write(runs: list[Run]) -> None:
    # A line for each point: figures that change are seen, and a diff stays readable.
    text = json.dumps({"format": FORMAT, "runs": runs}, separators=(",", ":"))
    RESULTS.write_text(text.replace('{"row"', '\n{"row"') + "\n")


def source() -> str:
    """The commit that is measured, and whether the source or the bench differ from it."""
    commit = _git("rev-parse", "--short=10", "HEAD")
    changed = _git("status", "--porcelain", "--", "src", "bench", ":!bench/results.json")
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.stdout.strip()


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
