"""The compatibility page decides every known fact of 3.10 once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.pages import ROOT

TEXT = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.splitlines()
    if line.startswith("| Q")
]


def test_every_fact_has_one_row_in_order() -> None:
    assert [row[0] for row in ROWS] == [f"Q{number}" for number in range(1, 63)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_was_decided(row: list[str]) -> None:
    assert len(row) == 4
    assert re.match(r"(Fixed|Changed|Kept)\b", row[2])


@pytest.fixture(scope="module")
def named_in_tests() -> set[str]:
    """Every number that a test names, as `Q19` or in a name such as `test_q19_…`."""
    paths = (path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    texts = (path.read_text(encoding="utf-8") for path in paths)
    return {number for text in texts for number in re.findall(r"(?<![^\W_])[qQ](\d+)", text)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_test_names_the_row(row: list[str], named_in_tests: set[str]) -> None:
    assert row[0].removeprefix("Q") in named_in_tests
