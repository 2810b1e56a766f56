"""The Dockerfile: what its instructions say, and its commands run one after the other."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployment.conftest import HELLO
from functions_framework.deployment.dockerfile import DOCKERIGNORE, dockerfile
from functions_framework.deployment.project import Project
from functions_framework.deployment.requirements import (
    FRAMEWORK,
    Requirements,
    requirements_of,
)
from support.server_process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment.conftest import MakeProject

pytestmark = pytest.mark.once

TEXT = dockerfile(Project("hello", (), "hello"))


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """A Dockerfile's instructions, continuation lines joined, comments left out."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def rest_of(text: str, word: str) -> list[str]:
    return [rest for found, rest in instructions(text) if found == word]


def test_the_image_runs_as_a_numbered_user_that_is_not_root() -> None:
    words = [word for word, _ in instructions(TEXT)]
    assert int(rest_of(TEXT, "USER")[0]) > 0
    assert words.index("USER") < words.index("CMD")
    assert "RUN" not in words[words.index("USER") :]


def test_the_base_is_small_and_of_the_version_that_the_project_names(make: MakeProject) -> None:
    assert rest_of(TEXT, "FROM") == ["python:3.13-slim"]
    make()
    Path(".python-version").write_text("3.12.4\n")
    assert rest_of(dockerfile(make()), "FROM") == ["python:3.12-slim"]


def test_downloads_are_kept_out_of_the_image_and_packages_are_installed_before_the_source() -> None:
    text = dockerfile(Project("a", (), "a", requirements=Requirements("requirements.txt", True)))
    steps = [rest for word, rest in instructions(text) if word in {"COPY", "RUN"}]
    assert [step.split()[-1] for step in steps] == [".", "requirements.txt", ".", "."]
    assert steps[1].startswith("--mount=type=cache,target=/root/.cache/pip")
    assert "no-cache-dir" not in text
    assert steps[3] == "python -m compileall -q ."


def test_the_command_itself_gets_the_signals() -> None:
    (command,) = rest_of(TEXT, "CMD")
    assert json.loads(command) == ["functions-framework"]
    assert not rest_of(TEXT, "ENTRYPOINT")
    check = rest_of(TEXT, "HEALTHCHECK")[0].partition("CMD ")[2]
    assert json.loads(check)[0] == "python"


def test_values_with_spaces_and_quotes_are_one_word() -> None:
    text = dockerfile(Project("a", (), "a", source='my "own" $x.py'))
    assert r'FUNCTION_SOURCE="my \"own\" \$x.py"' in text


def test_what_is_secret_stays_out_of_the_image() -> None:
    assert {".env", ".git", ".venv", "*.recorded.json"} <= set(DOCKERIGNORE.split())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, Requirements()),
        ({"requirements.txt": "flask\n"}, Requirements("requirements.txt")),
        ({"requirements.txt": "functions_framework[redis]==4.*\n"}, ("requirements.txt", True)),
        ({"requirements.txt": "a==1 --hash=sha256:1\n"}, ("requirements.txt", True)),
        ({"pyproject.toml": "[tool.x]\n"}, Requirements()),
        ({"pyproject.toml": "[project]\ndependencies = ['flask']\n"}, ("pyproject.toml", False)),
        (
            {"pyproject.toml": "[project]\ndependencies = ['Functions.Framework>=4']\n"},
            ("pyproject.toml", True),
        ),
    ],
)
def test_packages_are_those_that_the_project_names(
    tmp_path: Path, files: dict[str, str], found: Requirements | tuple[str, bool]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    expected = Requirements(*found) if isinstance(found, tuple) else found
    assert requirements_of(tmp_path) == expected
    text = dockerfile(Project("a", (), "a", requirements=expected))
    assert (f'"{FRAMEWORK}"' in text) is not expected.has_framework
    assert rest_of(text, "COPY")[:-1] == ([f"{expected.file} ."] if expected.file else [])


@pytest.fixture
def environ() -> dict[str, str]:
    """What the commands of an image find here: nothing is fetched, as all packages are there."""
    found = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PIP_NO_INDEX": "1",
        "http_proxy": "http://127.0.0.1:1",
    }
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def run_steps(text: str, directory: Path, environ: dict[str, str]) -> str:
    """Run what the image runs while it is built; what it printed."""
    output = ""
    for step in rest_of(text, "RUN"):
        command = step.removeprefix("--mount=type=cache,target=/root/.cache/pip").strip()
        done = subprocess.run(
            ["sh", "-c", command], cwd=directory, env=environ, check=True, stdout=subprocess.PIPE
        )
        output += done.stdout.decode()
    return output


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the image's Python has tomllib")
def test_packages_of_a_pyproject_are_installed_without_the_project(
    make: MakeProject, environ: dict[str, str]
) -> None:
    make(HELLO)
    Path("pyproject.toml").write_text(
        "[project]\nname = 'shop'\n"
        "dependencies = ['functions-framework>=4', \"flask; python_version > '3'\"]\n"
    )
    said = run_steps(dockerfile(make(HELLO)), Path.cwd(), environ)
    assert "already satisfied: flask" in said
    assert "already satisfied: functions-framework" in said


def test_its_commands_install_compile_serve_and_probe(
    make: MakeProject, environ: dict[str, str]
) -> None:
    # What isn't a probe's path is the function's.
    code = HELLO.replace('return "Hello"', 'return "Hello", 500')
    make(code)
    Path("requirements.txt").write_text("functions-framework>=4\nflask\n")
    text = dockerfile(make(code))
    for line in rest_of(text, "ENV"):
        environ |= dict(word.split("=", 1) for word in shlex.split(line))
    del environ["PYTHONDONTWRITEBYTECODE"]
    run_steps(text, Path.cwd(), environ)
    assert list(Path().glob("__pycache__/main.*.pyc"))
    # What the project calls its modules is nothing to the health check.
    Path("http.py").write_text("raise SystemExit(1)\n")
    environ["PORT"] = str(free_port())
    probe = json.loads(rest_of(text, "HEALTHCHECK")[0].partition("CMD ")[2])

    def is_healthy() -> bool:
        done = subprocess.run(probe, env=environ, check=False, stderr=subprocess.DEVNULL)
        return done.returncode == 0

    assert not is_healthy()
    with subprocess.Popen(json.loads(rest_of(text, "CMD")[0]), env=environ) as server:
        try:
            assert any(is_healthy() for _ in range(100) if server.poll() is None)
        finally:
            server.terminate()
        assert server.wait(20) == 0
