"""Times a restart, from saving a file to the first response of the new code.

Run it with `python -m bench.restarts`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from functions_framework.testing import RunningServer

from . import machine

KINDS = {"def": "", "async def": "async "}
_SOURCE = "{kind}def hello(request):\n    return '{number}'\n"
_SAVES = 20
_PATIENCE = 20.0
# An editor's user does not save again before this.
_PAUSE = 0.3


def measure(kind: str, saves: int) -> list[float]:
    """Save a small function again and again under `--reload`.

    Args:
        kind: one of `KINDS`.
        saves: how often.

    Returns:
        For each save the seconds until a request was answered by what was saved.

    Raises:
        TimeoutError: a save was not served within 20 seconds.
    """
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "main.py")
        source.write_text(_SOURCE.format(kind=KINDS[kind], number=0))
        with RunningServer(source, "hello", arguments=["--reload"]) as server:
            return [_save(server, source, KINDS[kind], number + 1) for number in range(saves)]


def _save(server: RunningServer, source: Path, prefix: str, number: int) -> float:
    time.sleep(_PAUSE)
    before = time.perf_counter()
    source.write_text(_SOURCE.format(kind=prefix, number=number))
    while server.get("/").text != str(number):
        if time.perf_counter() - before > _PATIENCE:
            raise TimeoutError(f"save {number} is not served after {_PATIENCE:g} s")
    return time.perf_counter() - before


def main(saves: int = _SAVES) -> None:
    """Print the median and the slowest of so many saves, for both kinds of functions."""
    print(", ".join(machine.describe().values()))
    for kind in KINDS:
        found = sorted(seconds * 1000 for seconds in measure(kind, saves))
        print(f"{kind}: median {statistics.median(found):.0f} ms, slowest {found[-1]:.0f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
