"""A target such as `package.module:function` at every command that takes one. Real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.settings import options
from functions_framework.testing import Client

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import functions_framework
from . import WORD
from shop.prices import PRICE

@functions_framework.http
def hello(request):
    return f"{__name__} {WORD} {PRICE}"

@functions_framework.http
def other(request):
    return "other"
"""
RECORDING = """{"recording": 1, "time": "2026-01-01T00:00:00Z", "duration_ms": 1.0,
"target": "hello", "signature": "http", "function": "hello",
"request": {"method": "GET", "path": "/", "query": "", "headers": [], "body": {"size": 0}},
"response": {"status": 200, "headers": [["content-type", "text/html; charset=utf-8"]],
"body": {"size": 14, "text": "shop.api word 3"}}}"""
TARGET = "shop.api:hello"
CHECKED = "hello (http, sync): nothing wrong"
COMMANDS = [
    (f"check --slow 60 {TARGET}", CHECKED),
    (f"check --slow 60 --target {TARGET}", CHECKED),
    (f"check --slow 60 --for heroku --target {TARGET}", CHECKED),
    (
        "check --slow 60 --target shop.api:hello,shop.api:other",
        "hello (http, sync), other (http, sync)",
    ),
    (f"invoke {TARGET}", "shop.api word 3"),
    (f"invoke --target {TARGET}", "shop.api word 3"),
    (f"replay one.recorded.json --target {TARGET} --to-pytest test_one.py", "1 as recorded"),
    (f"deploy-files procfile --target {TARGET}", "Wrote Procfile"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("WORD = 'word'\n")
    (shop / "prices.py").write_text("PRICE = 3\n")
    (shop / "api.py").write_text(SOURCE)
    (tmp_path / "requirements.txt").write_text("functions-framework\n")
    (tmp_path / "one.recorded.json").write_text(RECORDING)
    return tmp_path


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {option.variable for option in options().values()}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return subprocess.run(
        [sys.executable, "-B", "-m", *arguments], cwd=directory, env={**kept, **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(("typed", "printed"), COMMANDS)
def test_a_module_may_be_named(project: Path, typed: str, printed: str) -> None:
    found = run(project, "functions_framework", *typed.split())
    assert found.returncode == 0, found
    assert printed in found.stdout
    if "--to-pytest" in typed:
        tested = run(project, "pytest", "-q", "-p", "no:cacheprovider", "test_one.py")
        assert "1 passed" in tested.stdout, tested


@pytest.mark.parametrize("command", ["check", "invoke"])
def test_it_need_not_come_from_the_flags(project: Path, command: str) -> None:
    by_variable = run(project, "functions_framework", command, FUNCTION_TARGET=TARGET)
    assert by_variable.returncode == 0, by_variable
    by_source = run(
        project.parent, "functions_framework", command, TARGET, "--source", project.name
    )
    assert by_source.returncode == 0, by_source
    (project / "pyproject.toml").write_text(f'[tool.functions-framework]\ntarget = "{TARGET}"\n')
    by_project = run(project, "functions_framework", command)
    assert by_project.returncode == 0, by_project


@pytest.mark.parametrize("command", ["check", "invoke", "deploy-files procfile --target"])
@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("shop.nowhere:hello", "No module 'shop.nowhere' in "),
        ("shop.api:helo", "Found: 'hello', 'other' instead. Did you mean 'hello'?"),
        ("shop.api:hello,main:b", "Cannot serve the target 'shop.api:hello,main:b'"),
    ],
)
def test_what_is_not_there_is_said(project: Path, command: str, target: str, said: str) -> None:
    found = run(project, "functions_framework", *command.split(), target)
    assert (found.returncode, found.stdout) == (2, ""), found
    assert said in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_a_client_takes_one(project: Path) -> None:
    with Client(project, target=TARGET) as client:
        assert client.get("/").text == "shop.api word 3"
        assert client.module is not None
