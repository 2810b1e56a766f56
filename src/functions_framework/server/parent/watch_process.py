"""The process that watches files and prints what changed; which changes count is told elsewhere.

It is a process of its own so that the parent that forks workers loads neither the watching library
nor its threads, which a fork would not survive.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.loading.files import Patterns, files_below, is_watched, relevant
from functions_framework.server.parent.signals import STOPS
from functions_framework.server.parent.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from watchfiles import Change

POLL_SECONDS = 0.25
# How long the library waits for more of what belongs to one change.
_STEP_SECONDS = 0.02
_TOLD_SECONDS = 0.1
"""Seconds within which the system has told of a change that was seen by looking."""

Stamp = tuple[int, int, int]
_NEVER: Stamp = (0, 0, 0)


class _Counted:
    """Chooses the changes that count; see `Watched` for what is asked for."""

    def __init__(self, watched: Watched, outside: _Outside) -> None:
        self._watched = watched
        self._outside = outside
        self._patterns = Patterns(watched.include, watched.exclude)
        self.roots = [Path(directory) for directory in watched.directories]

    def report_since(self, began: int) -> None:
        """Print what has changed while the watching was prepared and the source already read.

        Args:
            began: when the watching was asked for, in nanoseconds since the epoch.
        """
        files = (Path(entry.path) for root in self.roots for entry in files_below(root))
        self.report(path for path in files if _is_changed(path, began))

    def report(self, paths: Iterable[Path]) -> None:
        """Print those of the changed paths that count."""
        with _telling:
            changed = []
            waiting = {path for path in paths if not self._is_output(path)}
            for root in self.roots:
                below = {path for path in waiting if path.is_relative_to(root)}
                waiting -= below
                found = relevant(below, root, self._patterns)
                changed += found if root == self.roots[0] else [str(root / name) for name in found]
                self._outside.pass_over(root / name for name in found)
            if changed:
                _print_line(changed)

    def is_polled(self, path: Path) -> bool:
        """Whether looking at all files shows a change of one, which links may lead to."""
        return any(
            path.is_relative_to(root) and is_watched(path.relative_to(root), self._patterns)
            for root in self.roots
        )

    def _is_output(self, path: Path) -> bool:
        """Whether the server itself writes it: no reason to restart."""
        if self._watched.written is not None and path.is_relative_to(self._watched.written):
            return True
        try:
            found = path.stat()
        except OSError:
            return False
        return [found.st_dev, found.st_ino] in self._watched.inodes


def report_changes(orders: Sequence[Any], began: int) -> None:
    """Watch for good: one line on stdout once it does, then one for each change.

    A line of a change is a JSON list of paths, relative to the first directory or absolute. Lines
    on stdin are JSON lists of further single files. Ends with the process that reads them.

    Args:
        orders: the fields of `Watched`.
        began: when that was asked for, in nanoseconds since the epoch; changes since then count.
    """
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)  # they are for the parent, which ends this
    watched = Watched(*orders)
    outside = _Outside(watched.files, began)
    counted = _Counted(watched, outside)
    for root in counted.roots:
        if not root.is_dir():
            sys.exit(f"{root} isn't a directory.")
    threading.Thread(target=outside.take_orders, daemon=True).start()
    threading.Thread(target=outside.report, daemon=True).start()
    if not (watched.is_polling or os.environ.get("WATCHFILES_FORCE_POLLING")):
        # Too many watches, a file system that knows none, a path that isn't UTF-8.
        with contextlib.suppress(OSError, RuntimeError, UnicodeError):
            _report_told(counted, began)
    outside.leave(counted.is_polled)
    _poll_source(counted, began)


class _Outside:
    """Files outside of the directory: few, so that looking at them costs nothing."""

    def __init__(self, files: Iterable[str], began: int) -> None:
        self._always = [Path(file) for file in files]
        self._seen: dict[Path, Stamp] = {
            path: _NEVER if _is_changed(path, began) else _stamp(path) for path in self._always
        }

    def take_orders(self) -> None:
        """Take the files from stdin; when it is closed, so is the process that wanted them."""
        # PyCharm's debugger puts a reader of its own in the place of `sys.stdin`, which fails here.
        with open(0, encoding="utf-8", closefd=False) as orders:
            for line in orders:
                paths = [*self._always, *map(Path, json.loads(line))]
                self._seen = {path: self._seen.get(path) or _stamp(path) for path in paths}
        os._exit(0)

    def leave(self, is_polled: Callable[[Path], bool]) -> None:
        """Let go of files that are looked at by others."""
        self._always = [path for path in self._always if not is_polled(path)]
        self._seen = {path: old for path, old in self._seen.items() if not is_polled(path)}

    def pass_over(self, told: Iterable[Path]) -> None:
        """Leave out what was told just now by another path: links lead out of directories."""
        files = set(map(os.path.realpath, told))
        if files:
            seen = [path for path in self._seen if os.path.realpath(path) in files]
            self._seen.update({path: _stamp(path) for path in seen})

    def report(self) -> None:
        """Print their changes; never returns."""
        while True:
            time.sleep(POLL_SECONDS)
            if not self._changes():
                continue
            time.sleep(_TOLD_SECONDS)  # one that is told by another path as well restarts once
            with _telling:
                changed = self._changes()
                self._seen.update(changed)
                if changed:
                    _print_line(sorted(map(str, changed)))

    def _changes(self) -> dict[Path, Stamp]:
        seen = self._seen
        return {path: now for path, old in seen.items() if (now := _stamp(path)) != old}


class _Roots:
    """Tells when another directory is where one was; says that the watching has begun.

    It stands in place of an event that would end the watching.
    """

    def __init__(self, counted: _Counted, began: int) -> None:
        self._counted, self._began = counted, began
        self._found = self._now()
        self._is_announced = False

    def _now(self) -> list[tuple[int, int] | None]:
        return [_inode(root) for root in self._counted.roots]

    def is_set(self) -> bool:
        """Whether what is watched must be looked up again."""
        if not self._is_announced:
            self._is_announced = True
            _print_line([])
            self._counted.report_since(self._began)
        return self._now() != self._found


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _report_told(counted: _Counted, began: int) -> None:
    """Report what the system tells of; never returns."""
    while True:
        for batch in _watch(counted, began):
            # A directory is modified when a file in it is added, which is told by itself.
            told = [(change, Path(path)) for change, path in batch]
            passing = {path for change, path in told if change == 1 and not path.exists()}
            files = {path for change, path in told if change != 2 or not path.is_dir()}
            for change, path in told:
                if change == 1 and path.is_dir():
                    # What was put in it at once, its own watch came too late for.
                    files |= {Path(entry.path) for entry in files_below(path)}
            # What an editor wrote first was put in another's place since.
            counted.report(files - passing)
            if any(change == 3 and path in counted.roots for change, path in told):
                break  # nothing is told of what comes in its place, not even if it looks the same
        began = 0  # all that is there now is new


def _watch(counted: _Counted, began: int) -> Iterator[set[tuple[Change, str]]]:
    from watchfiles import watch

    while not all(root.is_dir() for root in counted.roots):
        time.sleep(_STEP_SECONDS)  # another is being put in its place
    yield from watch(
        *counted.roots,
        watch_filter=None,
        step=round(_STEP_SECONDS * 1000),
        stop_event=_Roots(counted, began),
        force_polling=False,
        ignore_permission_denied=True,
    )


def _poll_source(counted: _Counted, began: int) -> None:
    """Report what looking again and again shows; never returns."""
    looks = _looks(counted.roots)
    before = next(looks)
    _print_line([])
    counted.report_since(began)
    for after in looks:
        counted.report({path for path, _ in before.items() ^ after.items()})
        before = after


def _looks(roots: list[Path]) -> Iterator[dict[Path, Stamp]]:
    while True:
        yield {Path(item.path): _stamp(item) for root in roots for item in files_below(root)}
        time.sleep(POLL_SECONDS)


def _is_changed(path: Path, since: int) -> bool:
    """Whether a file was written, replaced or moved here since then (and not dated ahead)."""
    try:
        found = path.stat()
    except OSError:
        return False
    now = time.time_ns()
    return any(since <= at <= now for at in (found.st_mtime_ns, found.st_ctime_ns))


def _stamp(file: os.DirEntry[str] | Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return _NEVER
    return found.st_mtime_ns, found.st_size, found.st_ino


_telling = threading.RLock()


def _print_line(paths: list[str]) -> None:
    with _telling:
        # The line and its end in one piece, also where nothing is buffered.
        print(json.dumps(paths) + "\n", end="", flush=True)  # noqa: T201 - what the parent reads
