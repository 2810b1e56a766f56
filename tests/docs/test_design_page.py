"""The design page speaks of modules that exist and gives a reason for each dependency."""

from __future__ import annotations

import re

import pytest

from docs.pages import ROOT

TEXT = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "functions_framework"


def _rows(heading: str) -> list[list[str]]:
    table = TEXT.partition(heading)[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


@pytest.mark.parametrize("name", re.findall(r"`(\w+)`", "".join(r[0] for r in _rows("| Module |"))))
def test_a_module_it_names_exists(name: str) -> None:
    assert (PACKAGE / f"{name}.py").is_file() or (PACKAGE / name / "__init__.py").is_file()


def test_it_gives_a_reason_for_each_dependency() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = project.partition("\ndependencies = [")[2].partition("\n]")[0]
    required = re.findall(r'"([a-z]+)', listed)
    described = re.findall(
        r"^\| `(\w+)` \| .+ \| .+ \|$", TEXT.partition("| Package |")[2], re.MULTILINE
    )
    assert described == sorted(required)
