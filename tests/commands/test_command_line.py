"""The command in this process: flags, variables, help, and the faults found before serving."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from functions_framework._cli import _cli
from functions_framework.commands.cli import program, settings_of
from functions_framework.model.function import Signature
from functions_framework.settings import Settings, options

if TYPE_CHECKING:
    from conftest import SourceTree

pytestmark = pytest.mark.usefixtures("own_environment")


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(_cli, arguments, env=environ)


def read(*arguments: str) -> Settings:
    return settings_of(program.make_context("functions-framework", list(arguments)))


@pytest.mark.parametrize(
    ("arguments", "environ", "expected"),
    [
        ([], {}, {}),
        (["--target", "a"], {}, {"target": "a"}),
        (["--target=a"], {"FUNCTION_TARGET": "b"}, {"target": "a"}),
        ([], {"FUNCTION_TARGET": "b"}, {"target": "b"}),
        (["--target", "a", "--target", "b"], {}, {"target": "b"}),
        (["--source", "a b"], {}, {"source": "a b"}),
        (["--signature-type", "cloudevent"], {}, {"signature_type": Signature.CLOUDEVENT}),
        (["--port", " 9 "], {"PORT": "7"}, {"port": 9}),
        (["--port", "9"], {"PORT": "not a number"}, {"port": 9}),
        ([], {"PORT": ""}, {"port": 8080}),
        (["--host", "::1"], {}, {"host": "::1"}),
        (["--debug"], {"DEBUG": "0"}, {"debug": True}),
        ([], {"DEBUG": " On "}, {"debug": True}),
        (["--asgi"], {}, {"asgi": True}),
        (["--reload", "--reload"], {}, {"reload": True}),
        (["--workers", "2", "--threads", "3"], {}, {"workers": 2, "threads": 3}),
        (["--log-level", "WARN"], {"LOG_LEVEL": "x"}, {"log_level": "warning"}),
        (["--timeout", "1.5"], {"CLOUD_RUN_TIMEOUT_SECONDS": "9"}, {"timeout": 1.5}),
        (
            [],
            {"HOST": "127.0.0.1", "PORT": "5001", "DEBUG": "False", "PYTHONUNBUFFERED": "1"},
            {"host": "127.0.0.1", "port": 5001},
        ),
    ],
)
def test_a_flag_beats_its_variable_and_the_last_flag_counts(
    arguments: list[str], environ: dict[str, str], expected: dict[str, Any]
) -> None:
    os.environ.update(environ)
    assert read(*arguments) == Settings(**expected)


@pytest.mark.parametrize("name", options())
def test_every_option_is_a_flag_and_stands_in_the_help(name: str) -> None:
    option = options()[name]
    shown = run("--help-all").stdout
    assert re.search(rf"^  {option.flag}\b", shown, re.MULTILINE)
    assert re.search(rf"[\[\s]{option.variable}[\];]", shown)
    assert f"{option.group}:\n" in shown


def test_the_help_fits_80_columns_and_tells_defaults() -> None:
    result = run("--help-all", COLUMNS="200")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: ")
    assert "[PORT; default 8080]" in " ".join(result.stdout.split())
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_version_is_the_distributions() -> None:
    result = run("--version")
    assert result.exit_code == 0
    assert re.fullmatch(r"functions-framework \d+\.\d+\.\d+\S*\n", result.stdout)


@pytest.mark.parametrize(
    ("arguments", "environ", "text"),
    [
        (["--tarrget", "x"], {}, "No such option '--tarrget'. Did you mean --target?"),
        (["-t", "x"], {}, "No such option '-t'."),
        (["hello"], {}, "Got unexpected extra argument (hello). Did you mean --target hello?"),
        (["--port"], {}, "Option '--port' requires an argument."),
        (["--port", "x"], {}, "Invalid value for '--port': 'x': expected a whole number."),
        (["--debug=1"], {}, "Option '--debug' does not take a value."),
        (
            ["--signature-type", "HTTP"],
            {},
            "expected one of 'http', 'event', 'cloudevent', 'typed', 'websocket'.",
        ),
        (["--workers", "0"], {}, "'0': expected a whole number of at least 1."),
    ],
)
def test_a_fault_in_the_arguments_is_two_lines_and_exit_2(
    arguments: list[str], environ: dict[str, str], text: str
) -> None:
    result = run(*arguments, **environ)
    assert result.exit_code == 2
    first, second = result.stderr.splitlines()
    assert first.startswith("Error: ")
    assert text in first
    assert re.fullmatch(r"Try '.+ --help' for help\.", second)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("environ", "exit_code", "text"),
    [
        ({"PORT": "x"}, 2, "Invalid value 'x' for PORT: expected a whole number."),
        ({"FUNCTION_USE_ASGI": "x"}, 2, "for FUNCTION_USE_ASGI: expected one of 1/true"),
        (
            {"FUNCTION_SIGNATURE_TYPE": "HTTP"},
            2,
            "'http', 'event', 'cloudevent', 'typed', 'websocket'",
        ),
        ({"WORKERS": "x"}, 1, "Invalid value 'x' for WORKERS: expected a whole number."),
        ({"THREADS": "1.5"}, 1, "Invalid value '1.5' for THREADS"),
        ({"CLOUD_RUN_TIMEOUT_SECONDS": "x"}, 1, "for CLOUD_RUN_TIMEOUT_SECONDS"),
    ],
)
def test_a_bad_variable_is_one_line_with_the_contracts_exit_code(
    environ: dict[str, str], exit_code: int, text: str
) -> None:
    result = run("--target", "hello", **environ)
    assert result.exit_code == exit_code
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert text in result.stderr


NO_SOURCE = "File {cwd}/main.py that is expected to define function doesn't exist"


@pytest.mark.parametrize(
    ("arguments", "environ", "exit_code", "text"),
    [
        ([], {}, 2, "Missing option '--target'. " + NO_SOURCE),
        ([], {"FUNCTION_TARGET": ""}, 2, "Missing option '--target'. " + NO_SOURCE),
        (["--target", "hello"], {}, 1, NO_SOURCE),
        (["--target", "hello"], {"FUNCTION_SOURCE": ""}, 1, NO_SOURCE),
        (["--source", "nope.py"], {}, 1, "File nope.py that is expected to define function"),
        (["--target", "x", "--source", "notes.txt"], {}, 1, "File notes.txt that is expected"),
        (
            ["--target", ""],
            {"FUNCTION_TARGET": "hello"},
            1,
            "Target is not specified (FUNCTION_TARGET environment variable not set)\n",
        ),
    ],
)
def test_what_is_missing_is_one_line(  # noqa: PLR0917 - a table's columns
    sources: SourceTree,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environ: dict[str, str],
    exit_code: int,
    text: str,
) -> None:
    sources.put("notes.txt", "")
    monkeypatch.chdir(sources.root)
    result = run(*arguments, **environ)
    assert result.exit_code == exit_code
    assert result.stderr.startswith("Error: " + text.format(cwd=sources.root))
    assert result.stderr.count("\n") == 1


def test_a_debug_variable_of_someone_elses_is_ignored_with_a_warning(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(DEBUG="app:*")
    warning, error = result.stderr.splitlines()
    assert warning.startswith("Warning: Invalid value 'app:*' for DEBUG: expected one of 1/true")
    assert error.startswith("Error: Missing option '--target'.")
    assert result.exit_code == 2
