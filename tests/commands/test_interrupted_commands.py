"""Ctrl-C while a command calls a function. How a loop is interrupted depends on the interpreter."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from commands.test_bad_input import RECORDING

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


@pytest.mark.parametrize("kind", ["", "async "])
@pytest.mark.parametrize("command", ["invoke hello", "replay one.recorded.json"])
def test_ctrl_c_ends_a_call(tmp_path: Path, kind: str, command: str) -> None:
    wait = "await asyncio.sleep(60)" if kind else "time.sleep(60)"
    (tmp_path / "main.py").write_text(
        "import asyncio, time\n"
        f"{kind}def hello(request):\n    print('begun', flush=True)\n    {wait}\n"
    )
    (tmp_path / "one.recorded.json").write_text(RECORDING)
    process = subprocess.Popen(
        [sys.executable, "-m", "functions_framework", *command.split()],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    shown, told = process.communicate(timeout=20)
    assert (process.returncode, shown) == (1, "")
    assert told.splitlines()[-1] == "Aborted!"
