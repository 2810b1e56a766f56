"""Runs every example of every page: files are written, servers started, curl lines compared."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from docs.console import Console
from docs.pages import ROOT, Scenario, example_folders, pages, scenarios

if TYPE_CHECKING:
    from pathlib import Path

# The first page's commands make an environment of their own: test_readme_commands.py.
_FIRST = ROOT / "README.md"
SCENARIOS = [found for page in pages() if page != _FIRST for found in scenarios(page)]


@pytest.mark.once
@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_the_example_does_what_the_page_says(scenario: Scenario, tmp_path: Path) -> None:
    directory = tmp_path / "example"
    if scenario.page.is_relative_to(ROOT / "examples"):
        shutil.copytree(
            scenario.page.parent, directory, ignore=shutil.ignore_patterns("__pycache__")
        )
    else:
        directory.mkdir()
    with Console(directory) as console:
        console.play(scenario.blocks)
    assert not console.is_serving


@pytest.mark.parametrize("folder", example_folders(), ids=lambda path: path.name)
def test_every_example_folder_says_how_to_run_it(folder: Path) -> None:
    found = scenarios(folder / "README.md")
    assert any(block.language == "console" for scenario in found for block in scenario.blocks)
