"""The compatibility page decides every known fact of 3.10 once."""

from __future__ import annotations

import re

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


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row[2].startswith("Kept")], ids=lambda row: row[0]
)
def test_an_oddity_that_stays_has_a_test_or_a_reason(row: list[str]) -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    assert row[3] or re.search(rf"\b{row[0]}\b", tests)
