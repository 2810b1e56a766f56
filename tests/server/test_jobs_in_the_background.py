"""A server that a shell has put in the background, whose terminal is another program's."""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from support.served_source import HELLO, written

pytestmark = pytest.mark.once

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)
else:
    from support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

# What `functions-framework &` is to a shell with job control.
SHELL = """
import os, subprocess, sys
job = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
print("job", job.pid, flush=True)
print("ended with", job.wait(), flush=True)
"""


@pytest.mark.parametrize("flags", [[], ["--reload"]], ids=["plain", "reload"])
def test_it_ends_and_leaves_the_terminal_alone(flags: list[str], tmp_path: Path) -> None:
    """The system stops a job that sets the modes of a terminal it doesn't have: it never ended."""
    written(tmp_path, HELLO)
    shell = [sys.executable, "-c", SHELL]
    with Terminal(tmp_path, "--target", "hello", *flags, by=shell) as terminal:
        terminal.port()
        job = re.search(r"job (\d+)", terminal.shown)
        assert job
        terminal.hide_typing()
        try:
            os.kill(int(job[1]), signal.SIGTERM)
            terminal.read_until("ended with 0", 10)
        finally:
            if "ended with" not in terminal.shown:
                os.killpg(int(job[1]), signal.SIGKILL)
        assert not terminal.shows_typing()
