"""What the server says in colour, and where: on a terminal that wants it, and nowhere else."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from support.served_source import served, written
from support.server_process import ServerProcess

pytestmark = pytest.mark.once

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)
else:
    from support.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "def hello(request):\n    return ''\n"
FLAGS = ["--target", "hello", "--debug"]
ESCAPE = "\x1b["


def test_the_start_up_line_fits_a_terminal_and_is_coloured(tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, "--target", "hello", "--host", "0.0.0.0") as terminal:
        shown = terminal.read_until("(Ctrl-C stops)")
        assert re.fullmatch(
            r"\x1b\[32mServing hello \(http, sync\) on http://localhost:\d+ \(Ctrl-C stops\)", shown
        )
        assert "grace period" not in terminal.shown


def test_debug_shows_the_settings_too(tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, *FLAGS, "--host", "0.0.0.0") as terminal:
        terminal.read_until("(Ctrl-C stops)")
        shown = terminal.read_until("grace period 8 s")
        assert "Settings: host 0.0.0.0, workers 1, threads 128, timeout none, " in shown


def test_functions_that_do_not_fit_one_line_get_lines_of_their_own(tmp_path: Path) -> None:
    names = ["first_of_them", "second_of_them", "third_of_them"]
    written(tmp_path, "".join(f"def {name}(request):\n    return ''\n" for name in names))
    with Terminal(tmp_path, "--target", ",".join(names)) as terminal:
        terminal.read_until("Serving 3 functions on http://127.0.0.1:")
        shown = terminal.read_until("third_of_them (http, sync) at /third_of_them")
        lines = [f"  {name} (http, sync) at /{name}" for name in names]
        assert shown.splitlines()[1:] == lines


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
@pytest.mark.parametrize("flag", ["--reload", "--debug"])
def test_each_request_is_a_line_while_developing(flag: str, prefix: str, tmp_path: Path) -> None:
    written(tmp_path, f"{prefix}{SOURCE}")
    with Terminal(tmp_path, "--target", "hello", flag) as terminal:
        url = f"http://127.0.0.1:{terminal.port()}"
        httpx.get(f"{url}/a%1Bb", trust_env=False)
        terminal.read_until(f"GET  /a\\x1bb {ESCAPE}32m200{ESCAPE}0m {ESCAPE}2m")
        httpx.post(f"{url}/favicon.ico", trust_env=False)
        terminal.read_until("POST /favicon.ico")
        shown = terminal.read_until(" ms")
        assert re.search(r" \x1b\[33m404\x1b\[0m \x1b\[2m\d+\.\d ms", shown)


@pytest.mark.parametrize("flags", [[], ["--reload", "--access-log"]], ids=["served", "access log"])
def test_there_are_no_such_lines_otherwise(flags: list[str], tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, "--target", "hello", *flags) as terminal:
        port = terminal.port()
        httpx.get(f"http://127.0.0.1:{port}/quiet", trust_env=False)
        terminal.interrupt()
        assert terminal.process.wait(20) == 0
        assert f"GET  /quiet {ESCAPE}" not in terminal.shown


def test_there_are_no_such_lines_in_a_file(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, "--debug", target="hello") as (server, client):
        client.get("/quiet")
        server.signal()
        assert server.exit_code() == 0
        assert "/quiet" not in server.log


def test_crashes_and_errors_are_red_on_a_terminal(tmp_path: Path) -> None:
    written(tmp_path, "def hello(request):\n    1 / 0\n")
    with Terminal(tmp_path, "--target", "hello") as terminal:
        answer = httpx.get(f"http://127.0.0.1:{terminal.port()}/", trust_env=False)
        assert (answer.status_code, ESCAPE in answer.text) == (500, False)
        terminal.read_until(f"{ESCAPE}31mERROR  {ESCAPE}0m ")
        terminal.read_until("ZeroDivisionError")
    with Terminal(tmp_path, "--target", "helo") as terminal:
        terminal.read_until(f"{ESCAPE}31mError:{ESCAPE}0m File")
        assert terminal.process.wait(20) == 1
    with Terminal(tmp_path, "--taget", "hello") as terminal:
        terminal.read_until(f"{ESCAPE}31mError:{ESCAPE}0m No such option")
        assert terminal.process.wait(20) == 2


@pytest.mark.parametrize(
    ("variables", "is_coloured"),
    [
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": ""}, False),
    ],
)
def test_colours_can_be_forced(
    variables: dict[str, str], is_coloured: bool, tmp_path: Path
) -> None:
    source = written(tmp_path, "def hello(request):\n    1 / 0\n")
    with ServerProcess.start(source, "hello", **variables) as server:
        server.ready().get()
        server.wait_for("ZeroDivisionError")
        assert (f"{ESCAPE}31mERROR  {ESCAPE}0m " in server.log) is is_coloured
        assert (f"{ESCAPE}32mServing" in server.log) is is_coloured


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nothing_is_coloured_where_nobody_wants_it(name: str, value: str, tmp_path: Path) -> None:
    written(tmp_path, SOURCE)
    with Terminal(tmp_path, *FLAGS, variables={name: value}) as terminal:
        terminal.port()
        assert ESCAPE not in terminal.shown


def test_a_server_that_loads_for_long_says_so_on_a_terminal(tmp_path: Path) -> None:
    written(tmp_path, f"import time\ntime.sleep(1.3)\n{SOURCE}")
    with Terminal(tmp_path, "--target", "hello") as terminal:
        shown = terminal.read_until("(Ctrl-C stops)")
        assert shown.startswith("… still loading hello (Ctrl-C ends it)\r\n")


def test_a_server_that_loads_for_long_says_nothing_in_a_file(tmp_path: Path) -> None:
    source = written(tmp_path, f"import time\ntime.sleep(1.3)\n{SOURCE}")
    with ServerProcess.start(source, "hello") as server:
        server.ready()
        assert "still" not in server.log


def test_nothing_is_coloured_in_a_file(tmp_path: Path) -> None:
    source = written(tmp_path, SOURCE)
    with ServerProcess.start(source, "hello", "--debug") as server:
        server.ready()
        assert ESCAPE not in server.log
