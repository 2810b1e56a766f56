"""The page and its plots: targets held or missed, everyone's figures, well-formed SVG."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from bench.cases import CASES, PUBSUB
from bench.points import Run, named
from bench.targets import Target

from bench import batches, growth, page, pictures, plot, plot_lines, report, tables, targets

HTTP = CASES[0]
_NAME = "{http://www.w3.org/2000/svg}"


def made(row: str, who: str, at: object = None, **found: Any) -> dict[str, Any]:
    return named(row, who, at) | found


def run(ours: float = 140.0, memory: float = 92e6, **groups: list[dict[str, Any]]) -> Run:
    """A run with the greeting in it, and what else is given."""
    cases = [
        made("http", "ref", rate=[10.0, 10.0], p99=[0.03, 0.03]),
        made("http", "bare", rate=[150.0, 160.0], p99=[0.001, 0.001]),
        made("http", "ours", rate=[ours, ours], p99=[0.002, 0.002]),
    ]
    starts = [
        made("http", "ref", start=[0.2], memory=[100e6]),
        made("http", "ours", start=[0.1], memory=[memory]),
    ]
    mark = {"at": "2026-01-01 10:00 UTC", "source": "abc"}
    return {
        "machine": {"processor": "a fast one"},
        "versions": {"ref functions-framework": "3.10.2", "granian": "2.8"},
        "missing": {"Go": "no go command"},
        "plan": {"rounds": 2, "seconds": 1.0, "starts": 3},
        "groups": {"cases": cases, "starts": starts} | groups,
        "measured": {"cases": mark},
    }


def missed(found: Run) -> set[tuple[str, str | None]]:
    return {
        (each.target.measure, each.target.beside)
        for each in targets.results(found)
        if each.target.row == "http" and not each.has_passed
    }


@pytest.mark.parametrize(
    ("ours", "memory", "expected"),
    [
        (140.0, 92e6, set()),
        (139.0, 92e6, {("rate", "ref")}),
        (120.0, 92e6, {("rate", "ref"), ("rate", "bare")}),
        (140.0, 93e6, {("memory", "ref")}),
    ],
)
def test_targets_are_floors_for_throughput_and_ceilings_for_the_rest(
    ours: float, memory: float, expected: set[tuple[str, str]]
) -> None:
    assert missed(run(ours, memory)) == expected


def test_what_could_not_be_measured_is_missed_and_says_why() -> None:
    found = run()
    found["groups"]["cases"][2] = made("http", "ours", failure="it answered with a 500")
    results = targets.results(found)
    cells = [report.cells([each]) for each in results if each.target.row == "http"]
    assert cells[0][-1] == "**not measured**: it answered with a 500"
    assert not results[0].has_passed


def test_a_group_that_was_not_run_has_no_targets() -> None:
    assert {each.target.group for each in targets.results(run())} == {"cases", "starts"}


def test_cells_show_ratio_spread_target_and_result() -> None:
    beside_bare = next(each for each in targets.results(run()) if each.target.beside == "bare")
    assert report.cells([beside_bare])[1:] == (
        "requests/s",
        "140",
        "155 (bare)",
        "0.90 (0.88\u20130.93)",
        "≥ 0.8",
        "pass",
    )


def test_an_amount_stands_alone() -> None:
    target = Target("restarts", "def", "restart", 0.15, beside=None, is_floor=False)
    result = targets.result(target, [made("def", "ours", restart=[0.09, 0.1, 0.2])])
    cells = report.cells([result])
    assert cells[2:] == ("100 ms", "\u2013", "90.00 ms\u2013200 ms", "≤ 150 ms", "pass")


@pytest.mark.parametrize(
    ("measure", "value", "text"),
    [
        ("memory", 43.21e6, "43.2 MB"),
        ("rate", 95012.4, "95,012"),
        ("p99", 0.00046, "0.46 ms"),
        ("start", 0.1352, "135 ms"),
        ("flow", 2.5e9, "2,500 MB/s"),
    ],
)
def test_amounts_have_units(measure: str, value: float, text: str) -> None:
    assert report.amount(measure, value) == text


def test_tables_line_up() -> None:
    assert report.markdown(("a", "b"), [("1", "2")]) == "| a | b |\n|---|---|\n| 1 | 2 |"
    assert report.plain(("a", "b"), [("100", "2")]) == "a    b\n100  2"


def test_page_holds_a_target_only_if_every_run_does() -> None:
    text = page.render([run(139.0), run(150.0)])
    line = next(line for line in text.splitlines() if HTTP.label in line and "(ref)" in line)
    assert "13.90 (13.90\u201313.90) | 15.00 (15.00\u201315.00) | ≥ 14 | **miss** |" in line
    assert "functions-framework==3.10.2" in text
    assert "| processor | a fast one |" in text
    assert "| run 2 | 2026-01-01 10:00 UTC to 2026-01-01 10:00 UTC, commit abc |" in text
    assert "Not measured here: Go (no go command)." in text


def test_bodies_are_compared_cell_by_cell_and_bold_where_behind() -> None:
    row = "sync whole up"
    points = [
        made(row, "ref", 2**20, flow=[1e9, 1e9]),
        made(row, "ours", 2**20, flow=[2e9, 2e9]),
        made(row, "ref", 2**25, flow=[1e9, 1e9]),
        made(row, "ours", 2**25, flow=[5e8, 5e8]),
    ]
    text = tables.of_bodies([run(bodies=points)])
    assert f"| {row} | 2,000 MB/s (2.00) | 500 MB/s (**0.50**) |" in text
    behind = [
        cell
        for cell in targets.cells(run(bodies=points))
        if not targets.result(cell, points).has_passed
    ]
    assert [cell.at for cell in behind] == [2**25]


def test_peers_that_are_ahead_are_bold() -> None:
    points = [
        made("http", "ours", rate=[50.0]),
        made("http", "ours-async", rate=[70.0]),
        made("http", "go", rate=[60.0]),
    ]
    text = tables.beside_peers([run(peers=points), run(peers=points)])
    assert "| Go net/http | 60 | \u2013 | **0.83 / 0.83** | 1.17 / 1.17 |" in text


def test_growth_above_linear_is_bold() -> None:
    points = [
        made("sync", "ours", at, rate=[100.0 / cost], cpu=[cost / 100])
        for at, cost in ((1, 1.0), (10, 100.0))
    ]
    assert "| sync | ours | 100 | 1 | **n^2.00** |" in tables.grown(run(lines=points), "lines")


def test_what_explains_a_table_is_a_paragraph_below_it() -> None:
    points = [made("sync", "ours", at, rate=[100.0]) for at in (1, 10)]
    text = "\n".join(tables.of_growth(run(typed=points)))
    assert "\n\nA byte of a long list costs more than one of a short list" in text


@pytest.mark.parametrize("draw", [pictures.of_growth, pictures.of_workers])
def test_lines_are_drawn_for_each_series(draw: Any) -> None:
    points = [
        made("sync", who, at, rate=[10.0 * at], p99=[0.001])
        for who in ("1 worker", "2 workers")
        for at in (1, 10, 100)
    ]
    root = ET.fromstring(draw(run(connections=points, workers=points)))
    panels = 1 if draw is pictures.of_growth else 2
    assert len(list(root.iter(f"{_NAME}polyline"))) == 2 * panels
    assert len(list(root.iter(f"{_NAME}circle"))) == 6 * panels


def test_plot_is_svg_with_a_bar_for_each_figure() -> None:
    root = ET.fromstring(pictures.of_cases(run()))
    bars = [bar for bar in root.iter(f"{_NAME}rect") if bar.find(f"{_NAME}title") is not None]
    widths = {bar[0].text: float(bar.attrib["width"]) for bar in bars}
    assert len(bars) == 3
    assert max(widths, key=lambda text: widths[text]) == "bare Granian: 155"


def test_a_long_legend_takes_more_than_one_row() -> None:
    legend = [(f"a name that is long, number {number}", "#000000") for number in range(9)]
    drawn = plot.bars("Many", legend, [plot.Group("one", [plot.Bar(0, 1.0)])])
    texts = [item for item in ET.fromstring(drawn).iter(f"{_NAME}text") if item.text]
    entries = [item for item in texts if str(item.text).startswith("a name")]
    assert all(float(item.get("x", "0")) + 200 <= plot.WIDTH for item in entries)
    lowest = max(float(item.get("y", "0")) for item in entries)
    assert lowest < min(float(item.get("y", "0")) for item in texts if item.text == "1")


def test_plots_need_something_to_draw() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        plot.bars("Empty", [], [plot.Group("none", [])])
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_lines.panels("Empty", [])


def test_a_batch_may_cost_a_third_of_its_events() -> None:
    def points(batch: float) -> list[dict[str, Any]]:
        return [
            made("sync", batches.SINGLE, rate=[1000.0]),
            made("sync", batches.BATCH, rate=[batch]),
        ]

    target = Target("batches", "sync", "rate", 3, batches.BATCH, batches.SINGLE)
    assert targets.result(target, points(3000.0)).has_passed
    assert not targets.result(target, points(2900.0)).has_passed
    assert target in {each._replace(bound=3) for each in targets.every(run())}


def test_each_event_of_a_batch_is_one_the_function_takes() -> None:
    batch = batches.batch_of(PUBSUB, 2)
    first, second = json.loads(batch.body)
    assert (first["id"], second["id"], first["type"]) == ("0", "1", PUBSUB.headers["ce-type"])
    assert {each["data"]["message"]["messageId"] == each["id"] for each in (first, second)} == {
        True
    }
    alone = json.loads(PUBSUB.body)
    assert first["data"]["subscription"] == alone["subscription"]


@pytest.mark.parametrize("is_async", [False, True])
def test_the_sources_that_grow_are_python(is_async: bool) -> None:
    text = growth.source_of(3, is_async=is_async)
    compile(text, "main.py", "exec")
    assert text.count("def f") == 3
