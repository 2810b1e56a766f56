"""Films the tutorial's first part in numbers: from `pip install` to a replayed failing test.

`PYTHONPATH=tests python -m docs.film` makes a virtual environment, installs this checkout and
pytest, types every command of the page and prints the seconds of each. Typing is counted, not
waited for: a command letter by letter, a file as pasted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

from docs.console import Console
from docs.pages import ROOT, Block, commands, scenarios

PAGE = ROOT / "docs" / "tutorial.md"
LETTERS_A_SECOND = 5.0  # 60 words a minute
PASTE_SECONDS = 3.0
_INSTALL = "pip install functions-framework pytest"


class Step(NamedTuple):
    """A command that was typed, or a file that was pasted."""

    what: str
    typing: float
    running: float


def played(directory: Path) -> list[Step]:
    """Every step of the page, done in a directory."""
    steps = []
    with Console(directory) as console:
        for block in scenarios(PAGE)[0].blocks:
            for part, what in _parts(block):
                start = time.perf_counter()
                console.play([part])
                steps.append(Step(what, typing(what), time.perf_counter() - start))
    return steps


def _parts(block: Block) -> list[tuple[Block, str]]:
    if block.file_name is not None:
        return [(block, f"paste {block.file_name}")]
    found = commands(block)
    shown = ["\n".join((f"$ {command.text}", *command.output)) + "\n" for command in found]
    return [
        (block._replace(text=text), command.text)
        for text, command in zip(shown, found, strict=True)
    ]


def typing(what: str) -> float:
    """Seconds that it takes to type a command, or to paste a file."""
    return PASTE_SECONDS if what.startswith("paste ") else len(what) / LETTERS_A_SECOND


def filmed() -> list[Step]:
    """Every step, the installation first, in an environment of its own."""
    with tempfile.TemporaryDirectory() as made:
        python = str(Path(made) / "venv" / "bin" / "python")
        start = time.perf_counter()
        venv.create(Path(made) / "venv", with_pip=True)
        install = [python, "-m", "pip", "install", "-q", str(ROOT), "pytest"]
        subprocess.run(install, check=True, stdout=sys.stderr)
        first = Step(_INSTALL, typing(_INSTALL), time.perf_counter() - start)
        directory = Path(made) / "desk"
        directory.mkdir()
        inner = subprocess.run(
            [python, "-m", "docs.film", str(directory)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
            cwd=made,
            stdout=subprocess.PIPE,
            check=True,
        )
    return [first, *(Step(*step) for step in json.loads(inner.stdout))]


def table(steps: list[Step]) -> str:
    """The steps with their seconds, and what they come to."""
    lines = [f"{step.typing:6.1f} {step.running:6.1f}  {step.what}" for step in steps]
    typed, ran = sum(step.typing for step in steps), sum(step.running for step in steps)
    sums = f"{typed:6.1f} {ran:6.1f}  {len(steps)} steps: {typed + ran:.0f} seconds"
    return "\n".join(["typing    run  (seconds)", *lines, sums])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(played(Path(sys.argv[1]))))
    else:
        print(table(filmed()))
