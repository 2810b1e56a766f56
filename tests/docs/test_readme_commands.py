"""The README: the two commands a fresh machine needs come first, and all it shows is true."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest

from docs import readme_figures
from docs.console import Console
from docs.pages import ROOT, Block, Command, Scenario, commands, scenarios
from functions_framework.settings import options

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
README = scenarios(ROOT / "README.md")
SERVE, TEST = (block for block in README[0].blocks if block.language == "sh")


def test_the_commands_are_on_the_first_screen() -> None:
    assert SERVE.line < TEST.line < 16


@pytest.mark.parametrize("block", [SERVE, TEST], ids=["serve", "test"])
def test_each_command_is_one_line_that_starts_from_nothing(block: Block) -> None:
    steps = [shlex.split(step) for step in block.text.split("&&")]
    assert block.text.count("\n") == 1
    assert steps[0] == ["python3", "-m", "venv", ".venv"]
    assert steps[1][:2] == [".venv/bin/pip", "install"]


def test_the_first_command_serves_the_hello_example(tmp_path: Path) -> None:
    last = SERVE.text.split("&&")[-1].strip()
    source = re.sub(r"--source (\S+)", rf"--source {shlex.quote(str(ROOT))}/\1", last)
    session = f"$ {source}\n...http://...:8080...\n$ curl localhost:8080\nHello world!\n"
    with Console(tmp_path) as console:
        console.play([Block("console", session, SERVE.line)])
        assert console.is_serving


def test_the_second_command_runs_every_test() -> None:
    assert TEST.text.split("&&")[-1].strip() == ".venv/bin/pytest"


@pytest.mark.parametrize("scenario", README[1:], ids=str)
def test_the_readme_example_does_what_it_says(scenario: Scenario, tmp_path: Path) -> None:
    with Console(tmp_path) as console:
        console.play(scenario.blocks)


def test_its_figures_are_those_of_the_performance_page() -> None:
    assert readme_figures.updated(TEXT) == TEXT, "run `python tests/docs/readme_figures.py`"


def test_its_settings_are_settings() -> None:
    rows = re.findall(r"^\| `(--[\w-]+)` \| `(\w+)` \|", TEXT, flags=re.MULTILINE)
    assert len(rows) == 8
    assert set(rows) <= {(option.flag, option.variable) for option in options().values()}


def test_the_check_script_takes_the_second_command_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert TEST.text.strip() not in script


def test_the_readme_names_curl_and_the_url() -> None:
    shown = [
        command
        for block in README[1].blocks
        if block.language == "console"
        for command in commands(block)
    ]
    assert Command("curl localhost:8080", ("Hello world!",), shown[-1].line) == shown[-1]
