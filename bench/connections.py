"""How cost grows with connections, and with calls that are blocked in I/O."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

from .cases import HELLO, Case, chosen
from .contenders import BARE, OURS, REF, Launch, entrants, launch
from .exchange import HOST
from .points import Point, named
from .processes import Patience, serving
from .session import FAULTS, Session, Stand, by_wrk

CONNECTIONS = (1, 8, 32, 128, 512, 2048)
BLOCKED = (0, 128)
# Room for every blocked call and for those that are measured, for both contenders alike.
THREADS = "192"
# A call that is blocked for good would be waited for as long as the grace period is.
_HURRIED = Patience(stop=0.3)
_CASES = ("http", "cloudevent", "async-http")


def run(session: Session) -> list[Point]:
    """The greeting and the event from one connection to 2,048, beside both others."""
    found: list[Point] = []
    for case in chosen(list(_CASES)):
        pairs = entrants(case, session.installs, (REF, BARE, OURS))
        with contextlib.ExitStack() as kept:
            servers = {
                who: Stand.open(session, kept, one, named(case.name, who)) for who, one in pairs
            }
            for connections in CONNECTIONS:
                for who, stand in servers.items():
                    point = stand.point = named(case.name, who, connections)
                    if stand.server is None:
                        point["failure"] = "it did not start"
                    stand.load(by_wrk(connections), session.plan.seconds)
                    found.append(session.told(point))
    return found


def blocked(session: Session) -> list[Point]:
    """The greeting beside calls that do not return."""
    found: list[Point] = []
    for source, is_async in (("blocked.py", False), ("async_blocked.py", True)):
        row = "async" if is_async else "sync"
        case = Case(f"{row}-blocked", "", source, HELLO, is_async=is_async)
        for number in BLOCKED:
            for who in (REF, OURS):
                one = launch(who, case, session.installs, THREADS=THREADS)
                found.append(_beside(session, row, who, one, number))
    return found


def _beside(session: Session, row: str, who: str, one: Launch, number: int) -> Point:
    point = named(row, who, number)
    try:
        with (
            serving(one, session.cores, patience=_HURRIED) as server,
            _waiting(server.port, number),
        ):
            stand = Stand(session, one, server, point)
            stand.load(by_wrk(), session.plan.seconds)
    except FAULTS as error:
        point["failure"] = str(error)
    return session.told(point)


@contextlib.contextmanager
def _waiting(port: int, count: int) -> Iterator[None]:
    """Keep `count` calls that do not return in flight."""
    with contextlib.ExitStack() as kept:
        for _ in range(count):
            waiting = kept.enter_context(socket.create_connection((HOST, port)))
            waiting.sendall(b"GET /block HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode())
        time.sleep(0.5 if count else 0)  # for the server to take them all up
        yield
