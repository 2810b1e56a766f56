"""The process that watches files and prints what changed; which changes count is told elsewhere.

It is a process of its own so that the parent that forks workers loads neither the watching library
nor its threads, which a fork would not survive.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.loading.files import files_below, relevant
from functions_framework.server.parent.signals import STOPS

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_SECONDS = 0.25

Stamp = tuple[int, int, int]


class Outputs(NamedTuple):
    """What the server itself writes: no reason to restart.

    Attributes:
        inodes: device and inode of files, as lists of two.
        directory: an absolute path, None for none.
    """

    inodes: list[list[int]]
    directory: str | None

    def hold(self, path: Path) -> bool:
        """Whether a path is one of them."""
        if self.directory is not None and path.is_relative_to(self.directory):
            return True
        try:
            found = path.stat()
        except OSError:
            return False
        return [found.st_dev, found.st_ino] in self.inodes


def report_changes(
    directory: str, written: tuple[list[list[int]], str | None], *, is_polling: bool
) -> None:
    """Watch a directory for good: one line on stdout once it does, then one for each change.

    A line of a change is a JSON list of paths, relative to the directory. Lines on stdin are JSON
    lists of files outside of it that are watched as well. Ends with the process that reads them.

    Args:
        directory: what is watched, with all below it.
        written: the fields of `Outputs`.
        is_polling: look again and again.
    """
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)  # they are for the parent, which ends this
    root, outputs = Path(directory), Outputs(*written)
    if not root.is_dir():
        sys.exit(f"{root} is no directory.")
    outside = _Outside()
    threading.Thread(target=outside.take_orders, daemon=True).start()
    threading.Thread(target=outside.report, daemon=True).start()
    if is_polling or os.environ.get("WATCHFILES_FORCE_POLLING"):
        _poll_source(root, outputs)
    try:
        _report_told(root, outputs)
    except (OSError, RuntimeError):  # too many watches, or a file system that knows none
        _poll_source(root, outputs)


class _Outside:
    """Files outside of the directory: few, so that looking at them costs nothing."""

    def __init__(self) -> None:
        self._seen: dict[Path, Stamp] = {}

    def take_orders(self) -> None:
        """Take the files from stdin; when it is closed, so is the process that wanted them."""
        # PyCharm's debugger puts a reader of its own in the place of `sys.stdin`, which fails here.
        with open(0, encoding="utf-8", closefd=False) as orders:
            for line in orders:
                paths = map(Path, json.loads(line))
                self._seen = {path: self._seen.get(path) or _stamp(path) for path in paths}
        os._exit(0)

    def report(self) -> None:
        """Print their changes; never returns."""
        while True:
            time.sleep(POLL_SECONDS)
            seen = self._seen
            changed = {path: now for path, old in seen.items() if (now := _stamp(path)) != old}
            if changed:
                seen.update(changed)
                _print_line(sorted(map(str, changed)))


class _Announcement:
    """Says once that the watching has begun, in place of an event that would end it."""

    is_made = False

    def is_set(self) -> bool:
        if not self.is_made:
            self.is_made = True
            _print_line([])
        return False


def _report_told(root: Path, outputs: Outputs) -> None:
    """Report what the system tells of; never returns."""
    from watchfiles import Change, watch

    for batch in watch(
        root,
        watch_filter=None,
        stop_event=_Announcement(),
        force_polling=False,
        ignore_permission_denied=True,
    ):
        # A directory is modified when a file in it is added, which is told by itself.
        told = [(change, Path(path)) for change, path in batch]
        passing = {path for change, path in told if change == Change.added and not path.exists()}
        files = {path for change, path in told if change != Change.modified or not path.is_dir()}
        files -= passing  # what an editor wrote first was put in another's place since
        _report(files, root, outputs)


def _poll_source(root: Path, outputs: Outputs) -> None:
    """Report what looking again and again shows; never returns."""
    looks = _looks(root)
    before = next(looks)
    _print_line([])
    for after in looks:
        _report({path for path, _ in before.items() ^ after.items()}, root, outputs)
        before = after


def _looks(root: Path) -> Iterator[dict[Path, Stamp]]:
    while True:
        yield {Path(entry.path): _stamp(entry) for entry in files_below(root)}
        time.sleep(POLL_SECONDS)


def _stamp(file: os.DirEntry[str] | Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _report(paths: set[Path], root: Path, outputs: Outputs) -> None:
    changed = relevant((path for path in paths if not outputs.hold(path)), root)
    if changed:
        _print_line(changed)


_printing = threading.Lock()


def _print_line(paths: list[str]) -> None:
    with _printing:
        # The line and its end in one piece, also where nothing is buffered.
        print(json.dumps(paths) + "\n", end="", flush=True)  # noqa: T201 - what the parent reads
