"""Shells complete sub-commands, samples and their fields."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

CODE = (
    "from functions_framework.commands.cli import program; program(prog_name='functions-framework')"
)


SOURCE = """
import no_such_module

def greet(request): ...

async def wait(request): ...

def _hidden(): ...
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "other.py").write_text("def another(request): ...")
    (tmp_path / "broken.py").write_text("def greet(request:")
    return tmp_path


def completed(shell: str, words: str, directory: Path) -> list[str]:
    environ = {
        **os.environ,
        "_FUNCTIONS_FRAMEWORK_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    run = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=directory,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    return run.stdout.split()


@pytest.mark.parametrize(
    ("shell", "words", "found"),
    [
        ("bash", "functions-framework inv", "plain,invoke"),
        ("zsh", "functions-framework events sh", "show"),
        ("bash", "functions-framework events show pubs", "plain,pubsub"),
        ("bash", "functions-framework events show storage --buck", "plain,--bucket"),
        ("bash", "functions-framework new x --kind clo", "plain,cloudevent"),
        ("bash", "functions-framework invoke --event pubs", "plain,pubsub"),
        ("bash", "functions-framework invoke --event storage --buck", "plain,--bucket"),
        ("bash", "functions-framework invoke --event pubsub --attr", "plain,--attributes"),
        ("bash", "functions-framework invoke gre", "plain,greet"),
        ("bash", "functions-framework check gre", "plain,greet"),
        ("bash", "functions-framework --target wai", "plain,wait"),
        ("bash", "functions-framework invoke --source other.py an", "plain,another"),
        ("bash", "functions-framework --signature-type cl", "plain,cloudevent"),
        ("bash", "functions-framework --log-level war", "plain,warning"),
        ("bash", "functions-framework --log-format js", "plain,json"),
        ("bash", "functions-framework --source ma", "file,ma"),
        ("bash", "functions-framework --record re", "dir,re"),
        ("bash", "functions-framework invoke --file bo", "file,bo"),
        ("bash", "functions-framework check --env-file my", "file,my"),
        ("bash", "functions-framework deploy-files kube", "plain,kubernetes"),
        ("bash", "functions-framework deploy-files azure --output de", "dir,de"),
        ("bash", "functions-framework check --for aws", "plain,aws-lambda"),
        ("bash", "functions-framework replay re", "file,re"),
        ("bash", "functions-framework replay x --to-pytest te", "file,te"),
    ],
)
def test_completion(shell: str, words: str, found: str, project: Path) -> None:
    assert found in completed(shell, words, project)


@pytest.mark.parametrize(
    "words",
    [
        "functions-framework invoke --event nope --buck",
        "functions-framework invoke --source none.py gre",
        "functions-framework invoke --source broken.py gre",
        "functions-framework invoke _hid",
        "functions-framework invoke --query gre",
    ],
)
def test_there_is_nothing_to_complete(words: str, project: Path) -> None:
    assert completed("bash", words, project) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell(shell: str) -> None:
    environ = {**os.environ, "_FUNCTIONS_FRAMEWORK_COMPLETE": f"{shell}_source"}
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environ, capture_output=True, text=True, check=False
    )
    assert "functions-framework" in run.stdout
    assert f"{shell}_complete" in run.stdout
