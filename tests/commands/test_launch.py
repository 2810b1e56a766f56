"""Plain flags are read as the command line library reads them; all else is left to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from functions_framework.commands import cli, launch
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.runtime import terminal

if TYPE_CHECKING:
    from functions_framework.settings import Settings

PLAIN = [
    [],
    ["--target", "hello"],
    ["--target=hello", "--port=0"],
    ["--target", "a", "--target", "b"],
    ["--target", ""],
    ["--target="],
    ["--access-log", "--asgi"],
    ["--timeout", "1.5", "--workers", "2"],
    ["--source", "a b/\u00fc.py", "--signature-type", "event"],
]

# What is at fault, or more than a flag, is for the library to tell.
LEFT = [
    ["--debug"],  # a .env is read
    ["--reload"],
    ["--help"],
    ["--version"],
    ["--openapi"],
    ["invoke"],
    ["--port", "x"],
    ["--port"],
    ["--port", "-1"],
    ["--target", "--debug"],
    ["--debug=1"],
    ["--tarjet", "x"],
    ["--tar", "x"],
    ["-t", "x"],
    ["--"],
]


def _by_library(arguments: list[str]) -> Settings:
    return cli.settings_of(cli.program.make_context("command", list(arguments)))


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_plain_flags_read_alike(arguments: list[str], own_environment: None) -> None:
    os.environ["PORT"] = " 9 "
    assert launch.plain_settings(arguments) == _by_library(arguments)


@pytest.mark.parametrize("arguments", LEFT, ids=" ".join)
def test_the_rest_is_left_to_the_library(arguments: list[str], own_environment: None) -> None:
    assert launch.plain_settings(arguments) is None


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "x"), ("DEBUG", "maybe"), ("_FF_COMPLETE", "bash_source")]
)
def test_variables_that_need_words_are_left_to_the_library(
    name: str, value: str, own_environment: None
) -> None:
    os.environ[name] = value
    assert launch.plain_settings(["--target", "hello"]) is None


def test_an_error_is_one_line_with_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.tell(InvalidConfigurationException("No such thing.")) == 1
    assert capsys.readouterr().err == "Error: No such thing.\n"
