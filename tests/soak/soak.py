"""Soaks a server and looks at what is left of it.

By hand, for ten minutes:

    PYTHONPATH=tests python -m soak.soak --seconds 600
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.server.wire.granian import IDLE_THREAD_SECONDS
from soak.clients import Crowd
from soak.source import source
from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable

_FLAGS = ["--threads", "16", "--timeout", "4", "--body-timeout", "1", "--grace-period", "5"]
# What an interpreter may keep of its own: arenas, caches, a thread pool that has grown to its size.
MEGABYTES = 24
DESCRIPTORS = 4
THREADS = 4
# A worker that is killed takes the calls it is in with it; so long after, a call may say so.
_AFTER_A_KILL = 1.5


class Holdings(NamedTuple):
    """What one process has.

    Attributes:
        descriptors: open files and sockets.
        threads: of the system.
        megabytes: resident memory.
    """

    descriptors: int
    threads: int
    megabytes: float

    @classmethod
    def of(cls, pid: int) -> Holdings:
        """Look at a process."""
        home = Path(f"/proc/{pid}")
        pages = int((home / "statm").read_text(encoding="ascii").split()[1])
        return cls(
            sum(1 for _ in (home / "fd").iterdir()),
            sum(1 for _ in (home / "task").iterdir()),
            pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        )

    def is_more_than(self, other: Holdings) -> bool:
        """Whether it is more than what another moment had, and more than may be kept."""
        return (
            self.descriptors > other.descriptors + DESCRIPTORS
            or self.threads > other.threads + THREADS
            or self.megabytes > other.megabytes + MEGABYTES
        )


def _served(directory: Path, *flags: str, is_mixed: bool) -> ServerProcess:
    path = directory / "main.py"
    path.write_text(source(is_mixed=is_mixed), encoding="utf-8")
    return ServerProcess.start(path, None, *_FLAGS, *flags).ready()


def _soaked(port: int, seconds: float, *, is_mixed: bool) -> Crowd:
    crowd = Crowd(port, is_mixed=is_mixed)
    crowd.start()
    time.sleep(seconds)
    crowd.stop()
    return crowd


def stays_as_it_was(directory: Path, seconds: float, *, is_mixed: bool) -> Iterable[str]:
    """Soak one worker; it must lose nothing and hold no more at the end than after a first round.

    Yields:
        Lines of figures.
    """
    with _served(directory, is_mixed=is_mixed) as server:
        tasks = server.get("/tasks")
        (worker,) = server.children()
        _soaked(server.port, seconds / 3, is_mixed=is_mixed)
        time.sleep(1.5)  # what slow senders held is given up by then
        before = Holdings.of(worker)
        crowd = _soaked(server.port, seconds * 2 / 3, is_mixed=is_mixed)
        assert server.children() == [worker], f"the worker was replaced: {server.log[-2000:]}"
        assert crowd.lost == [], crowd.lost[:3]
        assert crowd.counted["responses"] > seconds, crowd.counted
        wait_until(
            lambda: not Holdings.of(worker).is_more_than(before),
            f"no more than {before}, found {Holdings.of(worker)}",
            # Threads that a moment of many calls has left end after so long.
            seconds=IDLE_THREAD_SECONDS + 15,
        )
        if is_mixed:
            wait_until(
                lambda: server.get("/tasks") == tasks, f"no task more than {tasks}", seconds=10
            )
        yield f"soak: {'mixed' if is_mixed else 'sync'} server, {dict(crowd.counted)}, lost 0"
        yield f"soak: worker before {before}, after {Holdings.of(worker)}"
        server.signal()
        assert server.exit_code(10) == 0


def survives_its_workers(directory: Path, seconds: float, *, is_mixed: bool) -> Iterable[str]:
    """Kill workers while calls run; only calls that a killed worker was in may be lost.

    Yields:
        A line of figures.
    """
    with _served(directory, "--workers", "2", "--max-worker-age", "3", is_mixed=is_mixed) as server:
        crowd = Crowd(server.port, is_mixed=is_mixed)
        crowd.start()
        kills: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(2)
            kills.append(time.monotonic())
            os.kill(random.choice(server.children()), signal.SIGKILL)
        time.sleep(1)
        crowd.stop()
        unexplained = [
            item for item in crowd.lost if not any(0 <= item[0] - k < _AFTER_A_KILL for k in kills)
        ]
        assert unexplained == [], unexplained[:3]
        wait_until(lambda: len(server.children()) == 2, "two workers again")
        responses, kind = crowd.counted["responses"], "mixed" if is_mixed else "sync"
        yield (
            f"soak: {kind} server, {len(kills)} kills and workers replaced by age, {responses} "
            f"responses, {len(crowd.lost)} calls ended with their worker, lost otherwise 0"
        )
        server.signal()
        assert server.exit_code(10) == 0


def main() -> None:
    """Soak each kind of server, half of the time whole and half of it losing workers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    seconds = parser.parse_args().seconds / 4
    for is_mixed in (False, True):
        for check in (stays_as_it_was, survives_its_workers):
            with tempfile.TemporaryDirectory() as directory:
                for line in check(Path(directory), seconds, is_mixed=is_mixed):
                    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
