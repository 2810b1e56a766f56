"""`functions-framework new`: writes the files of a project that runs, tests itself and deploys."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import click

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
    files: dict[str, str] = {}
    for root in (_PROJECTS / "every", _PROJECTS / kind):
        for path in sorted(root.rglob("*.txt")):
            text = path.read_text(encoding="utf-8")
            if path.name == "README.md.txt":
                for placeholder, value in values.items():
                    text = text.replace(placeholder, value)
            files[path.relative_to(root).as_posix().removesuffix(".txt")] = text
    return files


def write_project(directory: Path, files: dict[str, str]) -> None:
    """Write a project's files, all of them or none.

    Args:
        directory: where to; it must not exist, or be empty.
        files: text by path below it.

    Raises:
        BadInput: something is there, or it cannot be written.
    """
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise BadInput(f"{directory} exists and is no directory. Choose another name.")
    if directory.exists() and any(directory.iterdir()):
        raise BadInput(f"The directory {directory} exists and is not empty. Choose another name.")
    made: Path | None = None
    try:
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=directory.parent))
        for name, text in files.items():
            file = made / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="\n")
        made.chmod(0o755)  # mkdtemp's is for its owner only
        if directory.exists():
            directory.rmdir()
        made.rename(directory)
    except OSError as error:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        raise BadInput(f"{directory} cannot be written: {error.strerror}.") from None


def _new(name: str, kind: str) -> None:
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no project name: use letters, digits, '.', '_' and '-', beginning with "
            "a letter or digit."
        )
    files = files_of(name, kind)
    write_project(Path(name), files)
    write(f"Wrote {name}: {', '.join(sorted(files))}.")
    write(f"Next: cd {name}, pip install -r requirements-test.txt, pytest.")


command = click.Command(
    "new",
    callback=_new,
    help="Write a new project into the directory NAME: function, tests, container, CI.",
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
