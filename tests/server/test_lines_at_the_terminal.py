"""What the server says in colour, and where: on a terminal that wants it, and nowhere else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from support.served_source import written
from support.server_process import ServerProcess

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)
else:
    from support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "def hello(request):\n    return ''\n"
FLAGS = ["--target", "hello", "--debug"]
ESCAPE = "\x1b["


def test_the_start_up_line_and_warnings_are_coloured_on_a_terminal(tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, *FLAGS, "--host", "0.0.0.0") as terminal:
        terminal.read_until("grace period 8 s")
        assert f"{ESCAPE}33mWarning:{ESCAPE}0m --debug is on" in terminal.shown
        assert f"{ESCAPE}32mServing hello" in terminal.shown


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nothing_is_coloured_where_nobody_wants_it(name: str, value: str, tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, *FLAGS, variables={name: value}) as terminal:
        terminal.port()
        assert ESCAPE not in terminal.shown


def test_a_server_that_loads_for_long_says_so_on_a_terminal(tmp_path: Path) -> None:
    written(tmp_path, f"import time\ntime.sleep(1.3)\n{SOURCE}")
    with Terminal(tmp_path, "--target", "hello") as terminal:
        shown = terminal.read_until("grace period 8 s")
        assert shown.startswith("… still loading hello (Ctrl-C ends it)\r\n")


def test_a_server_that_loads_for_long_says_nothing_in_a_file(tmp_path: Path) -> None:
    source = written(tmp_path, f"import time\ntime.sleep(1.3)\n{SOURCE}")
    with ServerProcess.start(source, "hello") as server:
        server.ready()
        assert "still" not in server.log


def test_nothing_is_coloured_in_a_file(tmp_path: Path) -> None:
    source = written(tmp_path, SOURCE)
    with ServerProcess.start(source, "hello", "--debug", "--host", "0.0.0.0") as server:
        server.ready()
        assert "Warning: --debug is on" in server.log
        assert ESCAPE not in server.log
