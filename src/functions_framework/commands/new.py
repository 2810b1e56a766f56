"""`functions-framework new`: writes the files of a project that runs, tests itself and deploys."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import click

from functions_framework.deployment import github
from functions_framework.deployment.dockerfile import DOCKERIGNORE, dockerfile
from functions_framework.deployment.project import Project
from functions_framework.deployment.requirements import Requirements

from .faults import BadInput
from .printing import write

KINDS = ("http", "cloudevent", "typed", "async")

_PROJECTS = Path(__file__).parent / "projects"
# What every system takes as a directory's name, and what can be made an image's name.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TRY_IT = {
    "http": "functions-framework invoke --query name=Ada   # one call, no server",
    "async": "functions-framework invoke --query name=Ada   # one call, no server",
    "cloudevent": "functions-framework invoke --event pubsub --message Ada   # one event",
    "typed": 'functions-framework invoke --data \'{"name": "Ada"}\'   # one call, no server',
}


def files_of(name: str, kind: str) -> dict[str, str]:
    """The files of a project, text by path.

    Args:
        name: what the project is called.
        kind: one of `KINDS`.
    """
    values = {"{name}": name, "{image}": name.lower().strip("._-"), "{try_it}": _TRY_IT[kind]}
    files = _deploying()
    for root in (_PROJECTS / "every", _PROJECTS / kind):
        for path in sorted(root.rglob("*.txt")):
            text = path.read_text(encoding="utf-8")
            if path.name == "README.md.txt":
                for placeholder, value in values.items():
                    text = text.replace(placeholder, value)
            files[path.relative_to(root).as_posix().removesuffix(".txt")] = text
    return files


def _deploying() -> dict[str, str]:
    """What `deploy-files` would write for it, as every project here has one function `hello`."""
    project = Project(
        name="hello",
        functions=(),
        target="hello",
        requirements=Requirements("requirements.txt", has_framework=True),
        test_requirements="requirements-test.txt",
        has_tests=True,
    )
    image = {"Dockerfile": dockerfile(project), ".dockerignore": DOCKERIGNORE}
    return image | github.files(project)


def write_project(directory: Path, files: dict[str, str]) -> None:
    """Write a project's files, all of them or none.

    Args:
        directory: where to; none of the files may be there, and a directory of its own must be
            empty.
        files: text by path below it.

    Raises:
        BadInput: something is there, or it cannot be written.
    """
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise BadInput(f"{directory} exists and isn't a directory. Choose another name.")
    if directory.exists() and any(directory.iterdir()):
        raise BadInput(f"The directory {directory} exists and is not empty. Choose another name.")
    made: Path | None = None
    try:
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=directory.parent))
        _write(made, files)
        made.chmod(0o755)  # mkdtemp's is for its owner only
        if directory.exists():
            directory.rmdir()
        made.rename(directory)
    except OSError as error:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        raise BadInput(f"{directory} cannot be written: {error.strerror}.") from None


def write_here(files: dict[str, str]) -> None:
    """Write a project's files into the working directory, all of them or none.

    Raises:
        BadInput: one of them is there already, or it cannot be written.
    """
    there = sorted(name for name in files if os.path.lexists(name))
    if there:
        raise BadInput(f"Already here: {', '.join(there)}. Choose an empty directory.")
    try:
        _write(Path(), files)
    except OSError as error:
        for name in files:
            Path(name).unlink(missing_ok=True)
        raise BadInput(f"This directory cannot be written: {error.strerror}.") from None


def _write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = directory / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")


def _new(name: str, kind: str) -> None:
    is_here = name == "."
    called = Path.cwd().name if is_here else name
    if not _NAME.fullmatch(called):
        raise BadInput(
            f"{called!r} isn't a valid project name: use letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit."
        )
    files = files_of(called, kind)
    if is_here:
        write_here(files)
    else:
        write_project(Path(name), files)
    write(f"Wrote {called}: {', '.join(sorted(files))}.")
    write(_next_steps(name, is_here=is_here))


def _next_steps(name: str, *, is_here: bool) -> str:
    activate = r".venv\Scripts\activate" if os.name == "nt" else ". .venv/bin/activate"
    steps = [
        *([] if is_here else [f"cd {name}"]),
        f"python -m venv .venv && {activate}",
        "pip install -r requirements-test.txt",
        "functions-framework --target hello --reload   # serve it",
        "pytest                                        # test it",
    ]
    return "\n".join(["Next:", *(f"  {step}" for step in steps)])


command = click.Command(
    "new",
    callback=_new,
    help="Write a new project into the directory NAME, or . for this one: function, tests, "
    "container, CI.",
    params=[
        click.Argument(["name"]),
        click.Option(
            ["--kind"],
            type=click.Choice(KINDS),
            default="http",
            show_default=True,
            help="What the function is called with.",
        ),
    ],
)
