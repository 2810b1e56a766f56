"""The command as a process of its own: what it exits with, and how little it loads."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from functions_framework.settings import options

pytestmark = pytest.mark.once

SCRIPTS = Path(sys.executable).parent
NAMES = (
    "ff",
    "functions-framework",
    "functions_framework",
    "functions-framework-python",
    "functions_framework_python",
)
HEAVY = ("asyncio", "cloudevents", "flask", "granian", "msgspec", "starlette", "watchfiles")


def run(
    *command: str, cwd: Path, source: str | None = None, **environ: str
) -> subprocess.CompletedProcess[str]:
    if source is not None:
        (cwd / "main.py").write_text(source)
    own = {option.variable for option in options().values()}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        command,
        cwd=cwd,
        env=kept | environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_the_five_scripts_are_the_same_command(name: str, tmp_path: Path) -> None:
    result = run(str(SCRIPTS / name), "--port", "x", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.endswith(f"Try '{name} --help' for help.\n")


@pytest.mark.parametrize(
    "typed",
    ["check --target", "console --url", "deploy-files --name", "invoke --query", "new --kind",
     "replay --url", "check --json=1", "new"],
)  # fmt: skip
def test_a_fault_in_options_names_the_help_that_has_them(typed: str, tmp_path: Path) -> None:
    name = "functions-framework"
    result = run(str(SCRIPTS / name), *typed.split(), cwd=tmp_path)
    assert result.returncode == 2
    command = typed.partition(" ")[0]
    assert result.stderr.endswith(f"Try '{name} {command} --help' for help.\n")


def test_the_module_is_the_command_under_its_own_name(tmp_path: Path) -> None:
    result = run(sys.executable, "-m", "functions_framework", "--help", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stdout.startswith(
        "Usage: python -m functions_framework [OPTIONS] [COMMAND ...]\n"
    )


@pytest.mark.parametrize(
    ("source", "arguments", "exit_code", "text"),
    [
        ("import sys; sys.exit(5)", ["--target", "a"], 5, "main.py:1 ended the process"),
        ("raise RuntimeError('mine')", ["--target", "a"], 1, "RuntimeError: mine"),
        ("def a(:", ["--target", "a"], 1, "SyntaxError"),
        ("def b(request): ...", ["--target", "a"], 1, "named 'a'. Found: 'b' instead"),
        (
            "a = 1",
            ["--target", "a"],
            1,
            "'a' needs to be of type function. Got: invalid type",
        ),
        ("def a(_): ...\ndef b(_): ...", [], 2, "Missing option '--target'. "),
        ("def a(_): ...\ndef b(_): ...", [], 2, "holds 'a', 'b'. Name one"),
    ],
)
def test_a_source_that_cannot_be_served_ends_the_command(
    tmp_path: Path, source: str, arguments: list[str], exit_code: int, text: str
) -> None:
    command = (str(SCRIPTS / "functions-framework"), "--port", "0", *arguments)
    result = run(*command, cwd=tmp_path, source=source)
    assert result.returncode == exit_code
    assert text in result.stderr
    if "Error" not in text:
        assert result.stderr.count("\n") == 1


def test_the_environment_alone_is_enough_up_to_the_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(
            str(SCRIPTS / "functions-framework"),
            cwd=tmp_path,
            source="def a(request): ...",
            FUNCTION_TARGET="a",
            FUNCTION_SIGNATURE_TYPE="http",
            HOST="127.0.0.1",
            PORT=str(port),
        )
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert str(port) in result.stderr


LOADED = """
import sys
from functions_framework.commands.cli import program
try:
    program({arguments!r}, prog_name="x")
except SystemExit as end:
    code = end.code
import json
print(json.dumps([code, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


@pytest.mark.parametrize("has_port", [False, True])
def test_the_parent_process_loads_no_server_and_no_web_library(
    tmp_path: Path, has_port: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        serving = ["--target", "a", "--host", "127.0.0.1", "--port", str(taken.getsockname()[1])]
        code = LOADED.format(arguments=serving if has_port else ["--help"])
        result = run(sys.executable, "-c", code, cwd=tmp_path, source="raise AssertionError")
    exit_code, loaded = json.loads(result.stdout.splitlines()[-1])
    assert exit_code == int(has_port)
    assert "click" in loaded
    assert set(HEAVY).isdisjoint(loaded)
