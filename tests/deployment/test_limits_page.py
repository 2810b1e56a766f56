"""The page's tables are those of the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from docs.pages import ROOT, commands, scenarios
from functions_framework.commands.cli import program
from functions_framework.deployment.limits import LIMITS, Limits
from functions_framework.deployment.platforms import PLATFORMS
from functions_framework.settings.parsers import show_size

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

PATH = ROOT / "docs" / "deploy-files.md"
PAGE = PATH.read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of a section's table, by what stands first in the row."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.findall(r"^\| `([\w-]+)` \|(.*)\|$", section, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


def cells(limits: Limits) -> list[str]:
    flags = (limits.streams, limits.websockets, limits.runs_after, limits.is_stopped)
    return [
        "" if limits.timeout is None else f"{limits.timeout:g} s",
        "" if limits.body is None else show_size(limits.body),
        *("yes" if flag else "no" for flag in flags),
        limits.writable or "any",
    ]


def test_every_limit_is_on_the_page() -> None:
    assert rows("What platforms cannot do") == {name: cells(one) for name, one in LIMITS.items()}
    assert all(limits.sources for limits in LIMITS.values())


def test_the_page_shows_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = (one for one in scenarios(PATH) if one.title == "Write them")
    (source,) = (one.text for one in found.blocks if one.file_name == "main.py")
    (console,) = (one for one in found.blocks if one.language == "console")
    (shown,) = (one.text for one in found.blocks if one.language == "yaml")
    (command,) = commands(console)
    (tmp_path / "main.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(program, command.text.split()[1:])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "triggers.yaml").read_text() == shown


def test_every_platform_is_on_the_page() -> None:
    assert rows("Platforms").keys() == PLATFORMS.keys()
