"""`functions-framework new`: projects whose tests pass, all written or nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from functions_framework.commands import new
from functions_framework.commands.faults import BadInput
from support.nested_pytest import PYTEST

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

COMMAND = (sys.executable, "-m", "functions_framework")


def run(directory: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", new.KINDS)
def test_a_new_project_passes_its_own_tests(tmp_path: Path, kind: str) -> None:
    written = run(tmp_path, *COMMAND, "new", "my-project", "--kind", kind)
    assert written.returncode == 0, written.stderr
    project = tmp_path / "my-project"
    tested = run(project, *PYTEST, "-q", "-W", "error")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    checked = run(project, *COMMAND, "check", "--strict", "--slow", "60")
    assert (checked.returncode, checked.stderr) == (0, "")
    workflow = yaml.safe_load((project / ".github/workflows/test.yml").read_text())
    assert {"run": "pytest"} in workflow["jobs"]["test"]["steps"]
    assert "FUNCTION_TARGET=hello" in (project / "Dockerfile").read_text()
    readme = (project / "README.md").read_text()
    assert readme.startswith("# my-project\n")
    assert "{" not in readme.replace('\'{"name": "Ada"}\'', "")
    assert [item.name for item in tmp_path.iterdir()] == ["my-project"]


def test_secrets_of_the_developer_stay_out_of_repository_and_image() -> None:
    files = new.files_of("a", "http")
    assert ".env" in files[".gitignore"].splitlines()
    assert {".env", "*.recorded.json"} <= set(files[".dockerignore"].splitlines())


def test_every_kind_has_the_same_files() -> None:
    assert len({tuple(new.files_of("a", kind)) for kind in new.KINDS}) == 1


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "-x", "a b", "a" * 101, "ü"])
def test_names_that_are_none(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="isn't a valid project name"):
        new._new(name, "http")
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "main.py").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("full", "file"):
        with pytest.raises(BadInput, match="exists"):
            new.write_project(tmp_path / name, {"main.py": "other", "more.py": ""})
    assert (tmp_path / "full" / "main.py").read_text() == (tmp_path / "file").read_text() == "mine"
    assert sorted(item.name for item in tmp_path.rglob("*")) == ["file", "full", "main.py"]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    new.write_project(tmp_path / "empty", {"a/b.py": "x"})
    assert (tmp_path / "empty" / "a" / "b.py").read_text() == "x"


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written: "):
        new.write_project(tmp_path / "p", {"a": "x", "a/b": "y"})
    assert list(tmp_path.iterdir()) == []


def test_the_real_command_refuses_to_overwrite(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "x").write_text("")
    again = run(tmp_path, *COMMAND, "new", "p")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr == "Error: The directory p exists and is not empty. Choose another name.\n"


def test_a_project_in_the_working_directory_keeps_what_is_there(
    tmp_path: Path,
) -> None:
    here = tmp_path / "greeter"
    here.mkdir()
    (here / ".git").mkdir()
    written = run(here, *COMMAND, "new", ".")
    assert written.returncode == 0, written.stderr
    assert (here / "README.md").read_text().startswith("# greeter\n")
    (here / "main.py").write_text("mine")
    again = run(here, *COMMAND, "new", ".")
    assert again.returncode == 2
    assert "Already here: " in again.stderr
    assert again.stderr.rstrip().endswith("test_main.py. Choose an empty directory.")
    assert (here / "main.py").read_text() == "mine"


def test_the_next_steps_are_told_whole(tmp_path: Path) -> None:
    assert run(tmp_path, *COMMAND, "new", "a").stdout.splitlines()[1:] == [
        "Next:",
        "  cd a",
        "  python -m venv .venv && . .venv/bin/activate",
        "  pip install -r requirements-test.txt",
        "  functions-framework --target hello --reload   # serve it",
        "  pytest                                        # test it",
    ]
