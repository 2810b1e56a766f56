"""Shells complete sub-commands, samples and their fields."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

CODE = "from functions_framework.cli import program; program(prog_name='functions-framework')"


def completed(shell: str, words: str) -> list[str]:
    environ = {
        **os.environ,
        "_FUNCTIONS_FRAMEWORK_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environ, capture_output=True, text=True, check=True
    )
    return run.stdout.split()


@pytest.mark.parametrize(
    ("shell", "words", "found"),
    [
        ("bash", "functions-framework inv", "plain,invoke"),
        ("zsh", "functions-framework events sh", "show"),
        ("bash", "functions-framework events show pubs", "plain,pubsub"),
        ("bash", "functions-framework events show storage --buck", "plain,--bucket"),
        ("bash", "functions-framework new x --kind clo", "plain,cloudevent"),
    ],
)
def test_completion(shell: str, words: str, found: str) -> None:
    assert found in completed(shell, words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell(shell: str) -> None:
    environ = {**os.environ, "_FUNCTIONS_FRAMEWORK_COMPLETE": f"{shell}_source"}
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environ, capture_output=True, text=True, check=False
    )
    assert "functions-framework" in run.stdout
    assert f"{shell}_complete" in run.stdout
