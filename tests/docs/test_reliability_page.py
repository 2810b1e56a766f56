"""The evidence page names a test for each promise, and every test it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from docs.pages import ROOT

TESTS = ROOT / "tests"
TEXT = (ROOT / "docs" / "reliability-evidence.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))
PROMISES = [
    line
    for table in re.findall(r"^\| Promise \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    for line in table.splitlines()
]


@cache
def functions_of(path: str) -> set[str]:
    module = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {node.name for node in module.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("path", "name"), NAMED, ids=lambda part: part)
def test_a_test_it_names_exists(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in functions_of(path)


@pytest.mark.parametrize("row", PROMISES, ids=lambda row: row.split("|")[1].strip())
def test_a_promise_names_its_test(row: str) -> None:
    _, shown = row.strip("| ").split(" | ")
    assert "::test_" in shown


def test_every_test_of_the_fault_suite_shows_a_promise() -> None:
    files = {f"faults/{path.name}" for path in (TESTS / "faults").glob("test_*.py")}
    tests = {(file, name) for file in files for name in functions_of(file) if "test_" in name[:5]}
    assert tests <= set(NAMED)


SUBJECTS = [
    "Deadlines",
    "Idempotent functions",
    "Clients that leave",
    "Shutdown",
    "Limits",
    "Workers",
    "Protocols",
    "Responses",
    "Health",
    "Security",
    "Hostile input",
]


def test_its_headings_are_the_subjects_of_the_promises() -> None:
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    promising = [part.partition("\n")[0] for part in parts if "| Promise |" in part]
    assert promising == SUBJECTS


def test_the_page_for_users_explains_the_same_subjects() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, flags=re.MULTILINE)
    assert headings == [*SUBJECTS, "What is not promised"]
