"""Which changes of files call for a restart: the source's own, not what tools leave beside it."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

IGNORED_DIRECTORIES = frozenset(
    {
        ".git", ".hg", ".hypothesis", ".idea", ".mypy_cache", ".nox", ".pytest_cache",
        ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "node_modules",
        "site-packages",
    }
)  # fmt: skip
# Byte code, what editors write beside a file before they put it in its place, and what programs
# write while they run: a function that logs into its own directory must not restart itself.
IGNORED_FILES = (
    "*.log", "*.log.[0-9]*", "*.pid", "*.sock", "nohup.out", "*-journal", "*-wal", "*-shm",
    ".coverage", ".coverage.*", "*.recorded.json",
    "*.py[cod]", "*~", ".#*", "#*#", ".*.sw?", "*.swp", "4913", "*.tmp", ".DS_Store",
    "*___jb_tmp___", "*___jb_old___", ".goutputstream-*", "flycheck_*",
)  # fmt: skip
_PACKAGE = Path(__file__).resolve().parents[1]


def is_watched(relative: Path) -> bool:
    """Whether a change of a file is one of the source's.

    Args:
        relative: its path, relative to the source's directory.
    """
    return IGNORED_DIRECTORIES.isdisjoint(relative.parts) and not any(
        fnmatch.fnmatchcase(relative.name, pattern) for pattern in IGNORED_FILES
    )


def is_in_virtualenv(path: Path, root: Path) -> bool:
    """Whether a path below `root` is in a virtual environment (PEP 405: it has a pyvenv.cfg)."""
    between = path.relative_to(root).parents
    return any((root / parent / "pyvenv.cfg").exists() for parent in between if parent.name)


def relevant(paths: Iterable[Path], root: Path) -> list[str]:
    """Choose the changes that call for a restart: their paths relative to `root`, sorted.

    Args:
        paths: absolute paths below `root`.
        root: the source's directory.
    """
    kept = [
        path
        for path in paths
        if is_watched(path.relative_to(root)) and not is_in_virtualenv(path, root)
    ]
    ignored = _ignored_by_git(kept, root) if kept else set()
    return sorted(str(path.relative_to(root)) for path in kept if str(path) not in ignored)


def files_below(root: Path) -> Iterator[os.DirEntry[str]]:
    """Every file below a directory that may be one of the source's; ignored directories unread."""
    waiting = [str(root)]
    while waiting:
        directory = waiting.pop()
        if directory != str(root) and Path(directory, "pyvenv.cfg").exists():
            continue
        try:
            entries = list(os.scandir(directory))
        except OSError:  # gone since, or not for us to read
            continue
        for entry in entries:
            if entry.name in IGNORED_DIRECTORIES:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            else:
                yield entry


def _ignored_by_git(paths: list[Path], root: Path) -> set[str]:
    """The paths that .gitignore files exclude.

    None where there is no git, no repository, or the whole directory is excluded.
    """
    try:
        answer = subprocess.run(
            ["git", "check-ignore", "-z", "--stdin"],  # noqa: S607 - the user's git, if any
            input="\0".join(map(str, [root, *paths])),
            capture_output=True,
            check=False,
            cwd=root,
            encoding="utf-8",
            errors="surrogateescape",
        )
    except OSError:
        return set()
    ignored = set(answer.stdout.split("\0")) if answer.returncode == 0 else set()
    return set() if str(root) in ignored else ignored


def local_modules(failure: BaseException | None = None) -> list[str]:
    """The files of the modules imported by now that are neither installed nor standard.

    Args:
        failure: what ended the import; a module that failed is known from it only.
    """
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    files.update(_files_of(failure))
    paths = {Path(file).resolve() for file in files if file}
    return sorted(str(path) for path in paths if path.is_file() and is_users(path))


def _files_of(failure: BaseException | None) -> Iterator[str | None]:
    if failure is None:
        return
    if isinstance(failure, SyntaxError):
        yield failure.filename
    trace = failure.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename
        trace = trace.tb_next


def is_users(path: Path) -> bool:
    """Whether a file is the user's own: neither installed nor of Python or this framework."""
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    return {"site-packages", "dist-packages"}.isdisjoint(path.parts) and not any(
        map(path.is_relative_to, [*installed, _PACKAGE])
    )
