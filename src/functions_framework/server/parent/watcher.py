"""Noticing that a file of the source changed; restarting is the server's business.

The watching itself is done by a process of its own, see `watching`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException

from ..worker.debuggers import unseen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .watched import Watched

# Files beside the source must not stand in for what is imported here.
_COMMAND = (
    "import sys; sys.path = [entry for entry in sys.path if entry]; import json; "
    "watched, began, home = json.loads(sys.argv[1]); sys.path.append(home); "
    "from functions_framework.server.parent.watch_process import report_changes; "
    "report_changes(watched, began)"
)


class Watcher:
    """Notices changes of files under a directory, and of single files elsewhere.

    It starts no thread; a selector can wait for it: it is readable when `take` has something.

    Attributes:
        source_dir: the directory watched, with all below it.
    """

    def __init__(self, watched: Watched) -> None:
        """Watch nothing yet."""
        self.source_dir = Path(watched.directories[0])
        self._watched = watched
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""
        self._outside: set[str] = set()

    def start(self) -> None:
        """Start to watch; every change from now on is noticed, also one that comes before it does.

        The source is read while the watching is prepared, and may be changed by then.
        """
        home = str(Path(__file__).resolve().parents[3])
        orders = [self._watched, time.time_ns(), home]
        with unseen():
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, our own code
                [sys.executable, "-c", _COMMAND, json.dumps(orders)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )

    def confirm(self) -> None:
        """Wait until it watches.

        Raises:
            FunctionsFrameworkException: the directory cannot be watched; the cause is on stderr.
        """
        reports: list[bytes] | None = []
        while reports is not None and not reports:
            # No byte more than it: a change that was told right after is for `take`.
            reports = self._reports(1)
        if reports is None:
            self.stop()
            raise FunctionsFrameworkException(
                f"{', '.join(self._watched.directories)} cannot be watched for changes. "
                "Start without --reload and --debug, or move the source elsewhere."
            )

    def watch_also(self, files: Iterable[str]) -> None:
        """Watch files outside of the directory too; those below it are watched anyway.

        Args:
            files: absolute paths; none of the earlier ones is forgotten.
        """
        outside = {file for file in files if not Path(file).is_relative_to(self.source_dir)}
        process = self._process
        if outside <= self._outside or process is None or process.stdin is None:
            return
        self._outside |= outside
        try:
            process.stdin.write(json.dumps(sorted(self._outside)).encode() + b"\n")
        except BrokenPipeError:
            self._outside -= outside  # it has ended, which `take` tells

    def fileno(self) -> int:
        """The descriptor to select for reading, after `start`."""
        return self._stdout().fileno()

    def take(self) -> list[str] | None:
        """Wait for something to be told; None when the watching ended.

        Returns:
            The changes, none as it may be: paths relative to the directory, absolute ones for files
            outside of it.
        """
        reports = self._reports()
        if reports is None:
            return None
        return sorted({self._shown(path) for line in reports for path in json.loads(line)})

    def _shown(self, path: str) -> str:
        here = f"{self.source_dir}{os.sep}"
        return path.removeprefix(here)

    def _reports(self, size: int = 65536) -> list[bytes] | None:
        """The lines that one read gives, None at the end."""
        data = self._stdout().read(size)
        if not data:
            return None
        *lines, self._received = (self._received + data).split(b"\n")
        # Debuggers and start-up files print there too, which is for people.
        reports = [line for line in lines if line.startswith(b"[")]
        for line in lines:
            if line not in reports:
                print(line.decode(errors="replace"), file=sys.stderr)  # noqa: T201
        return reports

    def _stdout(self) -> IO[bytes]:
        if self._process is None or self._process.stdout is None:
            raise ValueError("The watcher has not been started, or was stopped.")
        return self._process.stdout

    def stop(self) -> None:
        """End the watching; does nothing if it is not going on."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()
        self.leave()

    def leave(self) -> None:
        """Let go of it without ending it: for a process that was forked from the watching one."""
        process, self._process = self._process, None
        if process is not None:
            process.returncode = process.returncode or 0  # it is nobody's zombie here
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
