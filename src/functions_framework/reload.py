"""Noticing that a file under the source's directory changed; restarting is the server's business.

The watching is done by a process of its own. The parent that forks workers thus loads neither
the watching library nor its threads, which a fork would not survive.
"""

from __future__ import annotations

import fnmatch
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .exceptions import FunctionsFrameworkException

if TYPE_CHECKING:
    from collections.abc import Iterable

IGNORED_DIRECTORIES = frozenset(
    {
        ".git", ".hg", ".hypothesis", ".idea", ".mypy_cache", ".nox", ".pytest_cache",
        ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "node_modules",
        "site-packages",
    }
)  # fmt: skip
# Byte code, and what editors write beside a file before they put it in its place.
IGNORED_FILES = (
    "*.py[cod]", "*~", ".#*", "#*#", ".*.sw?", "*.swp", "4913", "*.tmp", ".DS_Store",
    "*___jb_tmp___", "*___jb_old___", ".goutputstream-*", "flycheck_*",
)  # fmt: skip

_COMMAND = (
    "import sys; sys.path = [entry for entry in sys.path if entry] + [sys.argv[2]]; "
    "from functions_framework.reload import report_changes; report_changes(sys.argv[1])"
)


class Watcher:
    """Notices changes of files under a directory.

    It starts no thread; a selector can wait for it: it is readable when `take` has something.

    Attributes:
        source_dir: the directory watched, with all below it.
    """

    def __init__(self, source_dir: Path) -> None:
        """Watch nothing yet.

        Args:
            source_dir: the directory, symlinks resolved.
        """
        self.source_dir = source_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""

    def start(self) -> None:
        """Start to watch; every change after the return is noticed.

        Raises:
            FunctionsFrameworkException: the directory cannot be watched; the cause is on stderr.
        """
        home = str(Path(__file__).resolve().parent.parent)
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own code
            [sys.executable, "-c", _COMMAND, str(self.source_dir), home],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        if self.take() is None:
            self.stop()
            raise FunctionsFrameworkException(
                f"The directory {self.source_dir} cannot be watched for changes. "
                "Start without --reload and --debug, or move the source elsewhere."
            )

    def fileno(self) -> int:
        """The descriptor to select for reading, after `start`."""
        return self._stdout().fileno()

    def take(self) -> list[str] | None:
        """Wait for changes; their paths relative to the directory, None when the watching ended."""
        while b"\n" not in self._received:
            data = self._stdout().read(65536)
            if not data:
                return None
            self._received += data
        *lines, self._received = self._received.split(b"\n")
        return sorted({path for line in lines for path in json.loads(line)})

    def _stdout(self) -> IO[bytes]:
        if self._process is None or self._process.stdout is None:
            raise ValueError("The watcher has not been started, or was stopped.")
        return self._process.stdout

    def stop(self) -> None:
        """End the watching; does nothing if it is not going on."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


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


def report_changes(directory: str) -> None:
    """Watch a directory for good: one line on stdout once it does, then one for each change.

    A line of a change is a JSON list of paths. Ends with the process that reads them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    threading.Thread(target=_end_with_parent, daemon=True).start()
    root = Path(directory)
    if not root.is_dir():
        sys.exit(f"{root} is no directory.")
    try:
        _report(root, is_polling=None)
    except (OSError, RuntimeError):  # too many watches, or a file system that knows none
        _report(root, is_polling=True)


class _Announcement:
    """Says once that the watching has begun, in place of an event that would end it."""

    is_made = False

    def is_set(self) -> bool:
        if not self.is_made:
            self.is_made = True
            _print_line([])
        return False


def _report(root: Path, *, is_polling: bool | None) -> None:
    from watchfiles import Change, watch

    for batch in watch(
        root,
        watch_filter=None,
        stop_event=_Announcement(),
        force_polling=is_polling,
        ignore_permission_denied=True,
    ):
        # A directory is modified when a file in it is added, which is told by itself.
        paths = [(change, Path(path)) for change, path in batch]
        kept = {path for change, path in paths if change != Change.modified or not path.is_dir()}
        changed = relevant(kept, root)
        if changed:
            _print_line(changed)


def _print_line(paths: list[str]) -> None:
    print(json.dumps(paths), flush=True)  # noqa: T201 - what the parent reads


def _end_with_parent() -> None:
    sys.stdin.buffer.read(1)  # nothing is ever sent: this returns when the other end is closed
    os._exit(0)
