"""Bodies from 1 KiB to 256 MiB: whole and streamed, up and down, sync and async, with memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from . import load, transfer
from .cases import HELLO, Case
from .contenders import OURS, REF, launch
from .exchange import Exchange
from .points import Point, keep, named
from .processes import Server, serving
from .session import FAULTS, Session

SMALL = (2**10, 2**15, 2**20)
LARGE = (2**25, 2**28)
CONNECTIONS = 4
ROUNDS = 2
WAYS = ("whole_up", "streamed_up", "whole_down", "streamed_down")
KINDS = {"sync": "bodies.py", "async": "async_bodies.py"}
_MIB = 2**20


def exchange_of(way: str, size: int) -> Exchange:
    """The request of a way and a size; the body of a large one is made as it is sent."""
    if way.endswith("_down"):
        return Exchange(path=f"/{way}?size={size}", answer_length=size)
    return Exchange(
        method="POST",
        path=f"/{way}",
        headers={"Content-Type": "application/octet-stream"},
        body=b"x" * size if size <= _MIB else b"",
        is_chunked=way.startswith("streamed"),
        answer=str(size).encode(),
    )


def run(session: Session) -> list[Point]:
    """Both frameworks in turns, in every way and size; memory above idle at the largest."""
    found: list[Point] = []
    sizes = (*SMALL, LARGE[0]) if session.plan.is_short else (*SMALL, *LARGE)
    for kind in KINDS:
        with _servers(session, kind) as servers:
            for way in WAYS:
                for size in sizes:
                    found += _cell(session, kind, way, size, servers)
        if not session.plan.is_short:
            found += _memory(session, kind)
    return found


@contextlib.contextmanager
def _servers(session: Session, kind: str) -> Iterator[dict[str, Server]]:
    with contextlib.ExitStack() as kept:
        yield {
            who: kept.enter_context(
                serving(launch(who, _case(kind), session.installs), session.cores)
            )
            for who in (REF, OURS)
        }


def _case(kind: str) -> Case:
    return Case(f"{kind}-bodies", "", KINDS[kind], HELLO, is_async=kind == "async")


def _cell(
    session: Session, kind: str, way: str, size: int, servers: dict[str, Server]
) -> list[Point]:
    row = f"{kind} {way.replace('_', ' ')}"
    points = {who: named(row, who, size) for who in servers}
    exchange = exchange_of(way, size)
    rounds = min(ROUNDS, session.plan.rounds)
    for turn in range(rounds):
        for who, point in points.items():
            if "failure" in point:
                continue
            try:
                if not turn and size <= _MIB:
                    exchange.send(servers[who].port, 2)
                keep(point, flow=_flow(session, exchange, size, servers[who].port))
            except FAULTS as error:
                point["failure"] = str(error)
    return [session.told(point) for point in points.values()]


def _flow(session: Session, exchange: Exchange, size: int, port: int) -> float:
    core, seconds = session.cores.load, session.plan.seconds
    if size > _MIB:
        return transfer.move(exchange, size, port, core, seconds / 2).flow
    found = load.run(exchange, port, core, CONNECTIONS, seconds)
    if found.failures or not found.rate:
        raise load.LoadError(f"{found.failures} requests failed under load")
    return found.rate * size


def _memory(session: Session, kind: str) -> list[Point]:
    """Peak of a fresh server above idle while it moves the largest body once."""
    found = []
    for way in WAYS:
        for who in (REF, OURS):
            with (
                session.point(f"{kind} {way.replace('_', ' ')}, memory", who, LARGE[-1]) as point,
                serving(launch(who, _case(kind), session.installs), session.cores) as server,
            ):
                pid, port = server.process.pid, server.port
                exchange_of(way, 1024).send(port, 2)
                idle = transfer.resident(pid)
                transfer.forget_peak(pid)
                exchange = exchange_of(way, LARGE[-1])
                transfer.move(exchange, LARGE[-1], port, session.cores.load, 0)
                keep(point, above=float(transfer.resident(pid, "VmHWM") - idle))
            found.append(point)
    return found
