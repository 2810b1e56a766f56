"""Start-up and memory: from starting the process to the first response, and what it weighs then."""

from __future__ import annotations

from .cases import CASES, Case
from .contenders import OURS, REF, launch
from .points import Point, keep, named
from .processes import proportional_memory, serving
from .session import ASKED_FIRST, FAULTS, Session

TIMED = ("http", "cloudevent", "async-http")
"""The cases whose start-up has a target; of the others only the memory is asked about."""


def run(session: Session) -> list[Point]:
    """Both frameworks in turns, in every case."""
    found: list[Point] = []
    for case in CASES:
        turns = session.plan.starts if case.name in TIMED else session.plan.weighings
        found += _case(session, case, turns)
    return found


def _case(session: Session, case: Case, turns: int) -> list[Point]:
    points = {who: named(case.name, who) for who in (REF, OURS)}
    for turn in range(turns + 1):
        for who, point in points.items():
            if "failure" in point:
                continue
            try:
                with serving(launch(who, case, session.installs), session.cores) as server:
                    if turn == 0:
                        continue  # it fills the caches: byte-code, files
                    if case.name in TIMED:
                        keep(point, start=server.start_time)
                    if turn <= session.plan.weighings:
                        case.exchange.send(server.port, ASKED_FIRST - 1)
                        keep(point, memory=float(proportional_memory(server.process.pid)))
            except FAULTS as error:
                point["failure"] = str(error)
    return [session.told(point) for point in points.values()]
