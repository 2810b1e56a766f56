"""One worker and two, on two cores: rate and latency as more calls come at once.

The server may use both cores here, and the load generator takes what is left of the second: a
function that works for a millisecond leaves it enough.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

from .cases import HELLO, Case
from .contenders import OURS, launch
from .points import Point, named
from .processes import tree
from .session import Session, Stand, by_wrk

WORKERS = (1, 2)
CONNECTIONS = (1, 2, 4, 8, 16, 32, 128)
KINDS = {
    "cpu": "`def`, 1 ms of CPU time",
    "wait": "`def`, 20 ms of waiting",
    "wait_async": "`async def`, 20 ms of waiting",
}


def run(session: Session) -> list[Point]:
    """Every kind of function, with one worker and with two, from one connection to 128."""
    found: list[Point] = []
    places = CONNECTIONS[::3] if session.plan.is_short else CONNECTIONS
    for target, row in KINDS.items():
        case = Case(f"work-{target}", "", "work.py", HELLO, target)
        with contextlib.ExitStack() as kept:
            stands = []
            for workers in WORKERS:
                one = launch(OURS, case, session.installs, "--workers", str(workers))
                one = replace(one, name=f"{one.name}-{workers}")
                who = name_of(workers)
                stand = Stand.open(session, kept, one, named(row, who))
                if stand.server is not None:
                    _free(stand.server.process.pid)
                stands.append((who, stand))
            for connections in places:
                for who, stand in stands:
                    stand.point = named(row, who, connections)
                    stand.load(by_wrk(connections), session.plan.seconds)
                    found.append(session.told(stand.point))
    return found


def name_of(workers: int) -> str:
    """What a server with so many workers is called."""
    return f"{workers} worker{'s' * (workers > 1)}"


def _free(pid: int) -> None:
    """Let a server that has started use every core this process may use."""
    for member in tree(pid):
        for thread in Path(f"/proc/{member}/task").iterdir():
            os.sched_setaffinity(int(thread.name), os.sched_getaffinity(0))
