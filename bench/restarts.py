"""Times a restart, from saving a file to the first response of the new code."""

from __future__ import annotations

import http.client
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from .cases import HELLO, Case
from .contenders import OURS, Launch, launch
from .exchange import HOST
from .installs import Installs
from .points import Point
from .processes import Cores, serving
from .session import Session

KINDS = {"def": "", "async def": "async "}
AT_MOST = 0.150
"""Seconds that are asked for, for a small function."""
_SOURCE = "{kind}def hello(request):\n    return '{number}'\n"
_PATIENCE = 20.0
# An editor's user does not save again before this.
_PAUSE = 0.3
# Asked without a pause, the server would spend its core on answers of the old code.
_BETWEEN = 0.005


def measure(kind: str, saves: int, installs: Installs, cores: Cores) -> list[float]:
    """Save a small function again and again under `--reload`.

    Args:
        kind: one of `KINDS`.
        saves: how often.
        installs: where this framework is.
        cores: the server is kept on the first of them.

    Returns:
        For each save the seconds until a request was answered by what was saved.

    Raises:
        TimeoutError: a save was not served within 20 seconds.
    """
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory, "main.py")
        source.write_text(_SOURCE.format(kind=KINDS[kind], number=0))
        case = Case("reload", "", str(source), replace(HELLO, answer=b"0"))
        one: Launch = launch(OURS, case, installs, "--reload")
        with serving(one, cores) as server:
            return [_save(server.port, source, KINDS[kind], place + 1) for place in range(saves)]


def _save(port: int, source: Path, prefix: str, number: int) -> float:
    time.sleep(_PAUSE)
    before = time.perf_counter()
    source.write_text(_SOURCE.format(kind=prefix, number=number))
    while _asked(port) != str(number).encode():
        if time.perf_counter() - before > _PATIENCE:
            raise TimeoutError(f"save {number} is not served after {_PATIENCE:g} s")
        time.sleep(_BETWEEN)
    return time.perf_counter() - before


def _asked(port: int) -> bytes:
    """What a new connection is answered, nothing while the server is replaced."""
    connection = http.client.HTTPConnection(HOST, port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def run(session: Session) -> list[Point]:
    """A point for each kind of function."""
    found = []
    for kind in KINDS:
        with session.point(kind, OURS) as point:
            saves = session.plan.saves
            point["restart"] = measure(kind, saves, session.installs, session.cores)
        found.append(point)
    return found
