"""The page and its plot: targets held or missed, everyone's figures, well-formed SVG."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from bench.cases import CASES, PUBSUB
from bench.measure import Measured

from bench import batches, page, plot, report, stores

HTTP = CASES[0]


def measured(ours: float = 120.0, memory: float = 100e6) -> Measured:
    return Measured(
        rate={"http": {"ref": [10.0, 10.0], "bare": [150.0, 160.0], "ours": [ours, ours]}},
        p99={"http": {"ref": [0.03], "bare": [0.001], "ours": [0.002]}},
        start={"http": {"ref": [0.2], "ours": [0.1]}},
        memory={"http": {"ref": [100e6], "ours": [memory]}},
    )


def found(*runs: Measured, **more: object) -> dict[str, object]:
    return {
        "machine": {"processor": "a fast one"},
        "versions": {"ref functions-framework": "3.10.2", "granian": "2.8"},
        "plan": {"rounds": 2, "seconds": 1.0, "starts": 3, "weighings": 1},
        "runs": [run.to_dict() for run in runs],
    } | more


@pytest.mark.parametrize(
    ("ours", "memory", "missed"),
    [
        (120.0, 100e6, set()),
        (119.0, 100e6, {"requests/s"}),
        (120.0, 111e6, {"memory"}),
    ],
)
def test_targets_are_floors_for_throughput_and_ceilings_for_the_rest(
    ours: float, memory: float, missed: set[str]
) -> None:
    rows = report.rows(measured(ours, memory))
    assert {row.measure for row in rows} == {"requests/s", "start-up", "memory", "p99 latency"}
    assert {row.measure for row in rows if not row.has_passed} == missed


def test_a_case_given_up_has_no_rows() -> None:
    run = measured()
    run.aborted["http"] = "it answered with a 500"
    assert report.rows(run) == []


def test_cells_show_ratio_spread_target_and_result() -> None:
    cells = report.cells(report.rows(measured())[1])
    assert cells[1:] == (
        "requests/s",
        "120",
        "155 (bare)",
        "0.78 (0.75\u20130.80)",
        "≥ 0.7",
        "pass",
    )


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("memory", 43.21e6, "43.2 MB"),
        ("requests/s", 95012.4, "95,012"),
        ("p99 latency", 0.00046, "0.46 ms"),
        ("start-up", 0.1352, "135 ms"),
    ],
)
def test_amounts_have_units(measure: str, value: float, text: str) -> None:
    assert report.amount(measure, value) == text


def test_tables_line_up() -> None:
    assert report.markdown(("a", "b"), [("1", "2")]) == "| a | b |\n|---|---|\n| 1 | 2 |"
    assert report.plain(("a", "b"), [("100", "2")]) == "a    b\n100  2"


def test_page_holds_a_target_only_if_every_run_does() -> None:
    runs = [measured(119.0), measured(130.0)]
    text = page.render(found(*runs), runs)
    line = next(line for line in text.splitlines() if HTTP.label in line and "(ref)" in line)
    assert "11.90 (11.90\u201311.90) | 13.00 (13.00\u201313.00) | ≥ 12 | **miss** |" in line
    assert "functions-framework==3.10.2" in text
    assert "| processor | a fast one |" in text


def test_page_names_a_case_that_was_given_up() -> None:
    first, second = measured(), measured()
    second.aborted["http"] = "it answered with a 500"
    text = page.render(found(first, second), [first, second])
    assert "`http` was given up in run 2: it answered with a 500" in text


def test_page_shows_the_sweeps_and_what_failed_in_them() -> None:
    point = {"case": "http", "contender": "ours", "rate": 1000.0, "p99": 0.001, "failures": 0}
    sweeps = {
        "connections": [point | {"connections": 8}],
        "bodies": [point | {"size": 2**20, "bytes_per_second": 5e8}],
        "blocked": [
            point | {"blocked": 0},
            {"case": "http", "contender": "ours", "blocked": 32, "failure": "no request"},
        ],
    }
    run = measured()
    text = page.render(found(run, sweeps=sweeps), [run])
    assert "| http | ours | 1,000 (1.00 ms) | no response |" in text
    assert "| case | contender | 1 MiB |" in text
    assert "| http | ours | 500.0 MB/s |" in text


def test_plot_is_svg_with_a_bar_for_each_figure() -> None:
    root = ET.fromstring(page.picture(measured()))
    name = "{http://www.w3.org/2000/svg}"
    bars = [bar for bar in root.iter(f"{name}rect") if bar.find(f"{name}title") is not None]
    widths = {bar[0].text: float(bar.attrib["width"]) for bar in bars}
    assert len(bars) == 3
    assert max(widths, key=lambda text: widths[text]) == "bare Granian: 155"


def test_plot_needs_something_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        plot.bars("Empty", [], [plot.Group("none", [])])


def test_results_survive_being_stored() -> None:
    run = measured()
    assert Measured.from_dict(run.to_dict()) == run


def test_idempotent_functions_have_a_table_where_they_were_measured() -> None:
    point = {"store": "sqlite", "kind": "sync", "rate": 3210.0, "p99": 0.01, "failures": 0}
    text = page.render(found(measured(), stores=[point]), [measured()])
    assert "## Idempotent functions" in text
    assert "| sync | sqlite | 3,210 (10.00 ms) | 3,000 |" in text
    assert "## Idempotent functions" not in page.render(found(measured()), [measured()])
    assert stores.has_passed(point)
    assert not stores.has_passed({**point, "rate": 2999.0})
    assert not stores.has_passed({**point, "failures": 1})


def test_a_batch_may_cost_a_third_of_its_events() -> None:
    point = {"kind": "sync", "single": 1000.0, "batch": 5000.0, "failures": 0}
    assert batches.has_passed(point)
    assert not batches.has_passed({**point, "batch": 2900.0})
    assert not batches.has_passed({**point, "failures": 1})
    text = page.render(found(measured(), batches=[point]), [measured()])
    assert "## Batches" in text
    assert "| sync | 1,000 | 5,000 | 20% | 33% |" in text


def test_the_batch_that_is_measured_is_one_of_the_single_event() -> None:
    batch = batches.batch_of(PUBSUB, 2)
    first, second = json.loads(batch.body)
    assert (first["id"], second["id"], first["type"]) == ("0", "1", PUBSUB.headers["ce-type"])
    assert first["data"] == json.loads(PUBSUB.body)
