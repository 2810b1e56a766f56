"""The compatibility page decides every known fact of 3.10 once, and a test shows each."""

from __future__ import annotations

import importlib
import re

import pytest

from docs.facts_of_3_10 import SHOWN_BY
from docs.pages import ROOT

TEXT = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
TABLE = TEXT.partition("## Facts of 3.10")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TABLE.splitlines()
    if line.startswith("| ")
][1:]


def test_every_fact_has_one_row() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(SHOWN_BY)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_was_decided(row: list[str]) -> None:
    assert len(row) == 3
    assert re.match(r"(Fixed|Changed|Kept)\b", row[1])


@pytest.mark.parametrize("fact", SHOWN_BY)
def test_tests_show_the_row(fact: str) -> None:
    files = [ROOT / "tests" / name for name in SHOWN_BY[fact]]
    assert files
    assert all("\ndef test_" in file.read_text(encoding="utf-8") for file in files)


_NAME = re.compile(r"`(functions_framework(?:\.\w+)+)`")
_GONE = [
    line.split(" | ")[0]
    for line in TEXT.partition("## Private names of 3.10")[2].splitlines()
    if line.startswith("| `")
]


@pytest.mark.parametrize("name", [name for cell in _GONE for name in _NAME.findall(cell)])
def test_a_name_that_the_page_calls_gone_is_gone(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert not hasattr(importlib.import_module(module), attribute)
    with pytest.raises(ImportError):
        importlib.import_module(name)
