"""Which changes of files call for a restart: the source's own, not what tools leave beside it."""

from __future__ import annotations

import fnmatch
import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.runtime.unrun_packages import has_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

IGNORED_DIRECTORIES = frozenset(
    {
        ".git", ".hg", ".hypothesis", ".idea", ".ipynb_checkpoints", ".mypy_cache", ".nox",
        ".pytest_cache", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
        "node_modules", "site-packages",
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
# What a function is made of: what else lies beside it, it may have written itself.
SOURCE_FILES = ("*.py", "templates/*", "*/templates/*", "*.html", "*.jinja", "*.jinja2", "*.j2")
_PACKAGE = Path(__file__).resolve().parents[1]


class Patterns(NamedTuple):
    """Which files count, beside those that a function is made of, and which do not.

    Each pattern is one of `fnmatch`: of a name, or with a `/` in it of a path below the directory
    watched. That of a directory stands for all below it.

    Attributes:
        include: further files.
        exclude: what never counts.
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def is_included(self, relative: Path) -> bool:
        """Whether a file was asked for by name."""
        return _matches(relative, self.include) and not _matches(relative, self.exclude)


def _matches(relative: Path, patterns: Sequence[str]) -> bool:
    path = relative.as_posix()
    for pattern in patterns:
        whole = pattern.rstrip("/").removeprefix("./")
        if "/" in whole:
            found = fnmatch.fnmatchcase(path, whole) or fnmatch.fnmatchcase(path, f"{whole}/*")
        else:
            found = any(fnmatch.fnmatchcase(part, whole) for part in relative.parts)
        if found:
            return True
    return False


def is_watched(relative: Path, patterns: Patterns = Patterns()) -> bool:  # noqa: B008 - a value
    """Whether a change of a file is one of the source's.

    Args:
        relative: its path, relative to the directory watched.
        patterns: what the user asked for.
    """
    if not IGNORED_DIRECTORIES.isdisjoint(relative.parts):
        return False
    # What Kubernetes puts a ConfigMap's files in; they are seen through the links beside it.
    if any(part.startswith("..") for part in relative.parts):
        return False
    if patterns.is_included(relative):
        return True
    if _matches(relative, patterns.exclude) or not _matches(relative, SOURCE_FILES):
        return False
    return not any(fnmatch.fnmatchcase(relative.name, pattern) for pattern in IGNORED_FILES)


def is_in_virtualenv(path: Path, root: Path) -> bool:
    """Whether a path below `root` is in a virtual environment (PEP 405: it has a pyvenv.cfg)."""
    between = path.relative_to(root).parents
    return any(_exists(root / parent / "pyvenv.cfg") for parent in between if parent.name)


def relevant(paths: Iterable[Path], root: Path, patterns: Patterns = Patterns()) -> list[str]:  # noqa: B008
    """Choose the changes that call for a restart: their paths relative to `root`, sorted.

    Args:
        paths: absolute paths below `root`.
        root: the directory watched.
        patterns: what the user asked for; what was asked for by name counts though git ignores it.
    """
    found = {path: path.relative_to(root) for path in paths}
    named = {path for path, relative in found.items() if patterns.is_included(relative)}
    kept = [
        path
        for path, relative in found.items()
        if is_watched(relative, patterns) and not is_in_virtualenv(path, root)
    ]
    asked = [path for path in kept if path not in named]
    ignored = _ignored_by_git(asked, root) if asked else set()
    return sorted(str(found[path]) for path in kept if str(path) not in ignored)


def _exists(path: Path) -> bool:
    """Whether a file is there; not where that isn't for us to know, at which pathlib raises."""
    return os.path.exists(path)  # noqa: PTH110 - as said


def files_below(root: Path) -> Iterator[os.DirEntry[str]]:
    """Every file below a directory that may be one of the source's; ignored directories unread."""
    waiting = [str(root)]
    while waiting:
        directory = waiting.pop()
        if directory != str(root) and _exists(Path(directory, "pyvenv.cfg")):
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
    loaded = [name for name in list(sys.modules) if has_run(name)]
    files = {getattr(sys.modules.get(name), "__file__", None) for name in loaded}
    files.update(_files_of(failure))
    places: dict[str, str] = {}
    paths = {_resolved(file, places) for file in files if file}
    return sorted(path for path in paths if _is_users(path) and os.path.isfile(path))  # noqa: PTH113


def _resolved(path: str, places: dict[str, str]) -> str:
    """A path without the links on the way there, of those known by now without another look.

    To resolve the files of all modules one by one takes longer than to import them.
    """
    if path not in places:
        above, name = os.path.split(path)
        if not name or above in {"", path} or os.pardir in path or os.path.islink(path):  # noqa: PTH114
            places[path] = os.path.realpath(path)
        else:
            places[path] = os.path.join(_resolved(above, places), name)  # noqa: PTH118
    return places[path]


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
    return _is_users(str(path))


def _is_users(file: str) -> bool:
    if os.path.normcase(file).startswith(_standard_places()):
        return False
    return {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)


@cache
def _standard_places() -> tuple[str, ...]:
    """The beginnings of the paths of Python's files and of this framework's."""
    standard = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")}
    return tuple(os.path.join(os.path.normcase(home), "") for home in (*standard, _PACKAGE))  # noqa: PTH118
