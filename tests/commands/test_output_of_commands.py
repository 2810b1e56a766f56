"""Where the output of commands goes: a terminal, a pipe, a full disk, nowhere. Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)
else:
    import fcntl
    import pty
    import struct
    import termios

from functions_framework.events.samples.catalogue import names

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.once

SOURCE = """
import time

def hello(request):
    return {"hello": "world"}

def binary(request):
    return bytes(range(256))

def slow(request):
    time.sleep(1.3)
    return "at last"

def late(request)
"""
GREEN = "\x1b[32m200 OK\x1b[0m"
COMMAND = (sys.executable, "-m", "functions_framework")
FULL = Path("/dev/full")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE.replace("def late(request)\n", ""))
    (tmp_path / "broken.py").write_text(SOURCE)
    return tmp_path


def shown(
    project: Path, *arguments: str, columns: int = 200, variables: Mapping[str, str] | None = None
) -> str:
    """What stands on a terminal of so many columns in the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    kept = {name: os.environ[name] for name in os.environ.keys() - {"NO_COLOR", "COLUMNS"}}
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=project, stdin=theirs, stdout=theirs, stderr=theirs,
        env={**kept, "TERM": "xterm", **(variables or {})},
    )  # fmt: skip
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux tells of the end
            part = b""
        if not part:
            break
        text += part
    os.close(ours)
    process.wait()
    return text.decode().replace("\r\n", "\n")


def test_answers_are_coloured_and_indented_on_a_terminal(project: Path) -> None:
    text = shown(project, "invoke", "hello")
    assert text.startswith(GREEN)
    assert text.endswith('\n{\n  "hello": "world"\n}\n')


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize("command", ["invoke hello", "check --source broken.py"])
def test_no_colours_where_nobody_wants_them(
    project: Path, variables: dict[str, str], command: str
) -> None:
    assert "\x1b[" in shown(project, *command.split())
    assert "\x1b[" not in shown(project, *command.split(), variables=variables)


def test_a_pipe_gets_the_body_and_nothing_else(project: Path) -> None:
    run = subprocess.run(
        [*COMMAND, "invoke", "binary"], cwd=project, capture_output=True, check=True
    )
    assert run.stdout == bytes(range(256))
    assert b"\x1b[" not in run.stderr


def test_a_terminal_is_spared_bytes(project: Path) -> None:
    text = shown(project, "invoke", "binary")
    assert text.endswith("The body is binary and not shown; write it to a file with '> FILE'.\n")


def test_what_takes_over_a_second_says_so_on_a_terminal(project: Path) -> None:
    line = "… still calling slow (Ctrl-C ends it)\n"
    assert shown(project, "invoke", "slow").startswith(line)
    run = subprocess.run([*COMMAND, "invoke", "slow"], cwd=project, capture_output=True, check=True)
    assert "still" not in run.stderr.decode()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_the_list_of_samples_fits_the_terminal(project: Path, columns: int) -> None:
    lines = shown(project, "events", "list", columns=columns).splitlines()
    assert max(map(len, lines)) <= columns
    assert len({line.index("Pub/Sub") for line in lines if "Pub/Sub" in line}) == 1
    assert len(lines) == len(names()) or columns < 80


COMMANDS = pytest.mark.parametrize(
    "command",
    ["invoke hello", "events list", "events show pubsub", "check hello", "--version"],
)


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
@COMMANDS
def test_a_full_disk_is_told_in_one_line(project: Path, command: str) -> None:
    with FULL.open("w") as full:
        run = subprocess.run(
            [*COMMAND, *command.split()], cwd=project, stdout=full, stderr=subprocess.PIPE,
            text=True, check=False,
        )  # fmt: skip
    assert run.returncode == 1
    (error,) = (line for line in run.stderr.splitlines() if not line.startswith("200 OK"))
    assert error == "Error: Standard output cannot be written: No space left on device."


@COMMANDS
def test_a_closed_output_is_told_in_one_line(project: Path, command: str) -> None:
    script = f'"{sys.executable}" -m functions_framework {command} >&-'
    run = subprocess.run(
        ["sh", "-c", script], cwd=project, stderr=subprocess.PIPE, text=True, check=False
    )
    assert run.returncode == 1
    (error,) = (line for line in run.stderr.splitlines() if not line.startswith("200 OK"))
    assert error == "Error: Standard output cannot be written: it is closed."


def test_a_reader_that_leaves_ends_it_quietly(project: Path) -> None:
    (project / "main.py").write_text("def hello(request):\n    return 'x' * 1_000_000\n")
    process = subprocess.Popen(
        [*COMMAND, "invoke", "hello"], cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.read(1) == b"x"
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    process.wait()
    assert told.startswith("200 OK")
    assert told.count("\n") == 1


def test_a_response_that_says_json_and_is_none_is_shown_as_it_is(project: Path) -> None:
    (project / "main.py").write_text(
        "def hello(request):\n    return '{', 200, {'content-type': 'application/json'}\n"
    )
    assert shown(project, "invoke", "hello").endswith("\n{\n")
