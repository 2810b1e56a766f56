"""Type checkers see the types of decorated functions, resources and hooks: `decorated.py`."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[2]
CHECKED = Path(__file__).with_name("decorated.py")


def _run(*command: str, at: Path = ROOT) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=at,
    )
    return done.returncode, done.stdout + done.stderr


def test_mypy_finds_every_type_and_every_mistake() -> None:
    # Strict mode complains of a mistake that is none: each of them has an ignore that it needs.
    code, said = _run("mypy", "--follow-imports", "silent", str(CHECKED))
    assert (code, "Success" in said) == (0, True), said


def test_mypy_finds_the_types_of_what_is_installed(tmp_path: Path) -> None:
    # As users check their programs: none of this project's settings leads to the source.
    program = shutil.copy(CHECKED, tmp_path / "program.py")
    code, said = _run("mypy", "--strict", "--no-incremental", str(program), at=tmp_path)
    assert (code, "Success" in said) == (0, True), said


@pytest.mark.skipif(
    importlib.util.find_spec("basedpyright") is None,
    reason="needs basedpyright, which brings a Node.js of its own: pip install basedpyright",
)
def test_pyright_finds_every_type(tmp_path: Path) -> None:
    settings = {
        "typeCheckingMode": "standard",
        "include": [str(CHECKED)],
        "extraPaths": [str(ROOT / "src"), *sys.path],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    code, said = _run("basedpyright", "-p", str(tmp_path))
    assert (code, "0 errors" in said) == (0, True), said
