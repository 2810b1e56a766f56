"""Runs: groups are kept as they are done, a whole run is published, two are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bench.groups import GROUPS
from bench.installs import Installs
from bench.processes import Cores
from bench.session import SHORT, Plan, Session

from bench import command, record, targets

if TYPE_CHECKING:
    from bench.points import Run

NOWHERE = Installs(Path(), Path(), None, {"python": "3"})


def session(plan: Plan = SHORT) -> Session:
    return Session(NOWHERE, Cores(0, 1), plan, lambda _line: None)


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "results.json"
    monkeypatch.setattr(record, "RESULTS", place)
    return place


def whole(mark: str) -> Run:
    run = record.begin(session(), Path("nowhere"))
    run["groups"] = {name: [{"row": mark, "who": "ours"}] for name in GROUPS}
    run["measured"] = {name: {"at": mark, "source": mark} for name in GROUPS}
    return run


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    place = tmp_path / "run.json"
    run = record.begin(session(), place)
    record.add(run, "few", [], place)
    again = record.begin(session(), place)
    assert record.missing(again) == [name for name in GROUPS if name != "few"]
    assert set(record.missing(record.begin(session(), place, is_fresh=True))) == set(GROUPS)


def test_a_run_of_another_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    place = tmp_path / "run.json"
    record.add(record.begin(session(), place), "few", [], place)
    assert set(record.missing(record.begin(session(Plan()), place))) == set(GROUPS)


def test_the_two_newest_runs_are_kept(results: Path) -> None:
    for mark in ("a", "b", "c"):
        record.publish(whole(mark))
    assert [run["groups"]["few"][0]["row"] for run in record.published()] == ["b", "c"]
    assert json.loads(results.read_text())["format"] == record.FORMAT


def test_one_group_of_the_newest_run_is_measured_again(results: Path) -> None:
    record.publish(whole("a"))
    record.publish(whole("b"))
    record.replace_newest(["few"], whole("c"))
    older, newest = record.published()
    assert older == whole("a") | {"began": older["began"]}
    assert newest["measured"]["few"] == {"at": "c", "source": "c"}
    assert newest["measured"]["cases"] == {"at": "b", "source": "b"}
    assert results.read_text().count('\n{"row"') == 2 * len(GROUPS)


@pytest.mark.usefixtures("results")
def test_a_group_alone_needs_a_run_to_stand_in() -> None:
    with pytest.raises(record.RecordError, match="no complete run"):
        record.replace_newest(["few"], whole("a"))


def test_results_of_an_older_kind_are_left_out(results: Path) -> None:
    results.write_text('{"runs": [{"rate": {}}]}')
    assert record.published() == []


def test_a_group_nobody_knows_is_refused() -> None:
    with pytest.raises(SystemExit):
        command.parser().parse_args(["run", "--only", "few,nothing"])
    assert command.parser().parse_args(["run", "--only", "few,peers"]).only == ["few", "peers"]


def test_every_target_is_about_a_group_that_is_measured() -> None:
    assert {target.group for target in targets.every({"groups": {}})} <= set(GROUPS)
