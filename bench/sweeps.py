"""How cost grows: with connections, with the size of bodies, with calls blocked in I/O."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from . import load
from .cases import CASES, HELLO, Case
from .contenders import BARE, OURS, REF, Launch, contenders_for, launch
from .exchange import HOST, Exchange, WrongAnswer
from .load import LoadError
from .measure import Bench
from .processes import Server, ServerError, serving

CONNECTIONS = (1, 8, 32, 128, 512)
SIZES = (2**10, 2**15, 2**20, 2**25)
BLOCKED = (0, 32, 128)
# Room for every blocked call and for those that are measured, for both contenders alike.
THREADS = "192"
BODY_CONNECTIONS = 4

Points = list[dict[str, Any]]


def run(bench: Bench, *, is_quick: bool = False) -> dict[str, Points]:
    """All three sweeps; each point says case, contender, where it stands and what was measured."""
    return {
        "connections": _connections(bench),
        "bodies": _bodies(bench, SIZES[:3] if is_quick else SIZES),
        "blocked": _blocked(bench),
    }


def _connections(bench: Bench) -> Points:
    points: Points = []
    for case in CASES:
        if case.name not in ("http", "cloudevent", "async-http"):
            continue
        for name in contenders_for(case, bench.installs, bench.among & {REF, BARE, OURS}):
            one = launch(name, case, bench.installs)
            for connections in CONNECTIONS:
                with _point(bench, points, one, {"case": case.name, "contender": name}) as point:
                    point["connections"] = connections
                    with serving(one, bench.cores) as server:
                        point.update(_measured(bench, one, server, connections))
    return points


def body_cases(sizes: tuple[int, ...]) -> list[tuple[dict[str, Any], Case]]:
    """Every size, up and down, whole and streamed, sync and async, with what tells them apart."""
    found: list[tuple[dict[str, Any], Case]] = []
    for source, is_async in (("bodies.py", False), ("async_bodies.py", True)):
        for target in ("whole_up", "streamed_up", "whole_down", "streamed_down"):
            for size in sizes:
                exchange = _body_exchange(target, size)
                kind = "async" if is_async else "sync"
                case = Case(f"{kind}-{target}", target, source, exchange, target, is_async=is_async)
                found.append(({"case": case.name, "size": size}, case))
    return found


def _body_exchange(target: str, size: int) -> Exchange:
    if target.endswith("_down"):
        return Exchange(path=f"/?size={size}", answer_length=size)
    return Exchange(
        method="POST",
        headers={"Content-Type": "application/octet-stream"},
        body=b"x" * size,
        is_chunked=target.startswith("streamed"),
        answer=str(size).encode(),
    )


def _bodies(bench: Bench, sizes: tuple[int, ...]) -> Points:
    points: Points = []
    for where, case in body_cases(sizes):
        for name in sorted(bench.among & {REF, OURS}, reverse=True):
            one = launch(name, case, bench.installs)
            with (
                _point(bench, points, one, where | {"contender": name}) as point,
                serving(one, bench.cores) as server,
            ):
                point.update(_measured(bench, one, server, BODY_CONNECTIONS))
                point["bytes_per_second"] = point["rate"] * where["size"]
    return points


def _blocked(bench: Bench) -> Points:
    points: Points = []
    for source, is_async in (("blocked.py", False), ("async_blocked.py", True)):
        case = Case(source.removesuffix(".py"), "", source, HELLO, is_async=is_async)
        for blocked in BLOCKED:
            for name in sorted(bench.among & {REF, OURS}, reverse=True):
                one = launch(name, case, bench.installs)
                one = replace(one, environ={"THREADS": THREADS})
                where = {"case": case.name, "contender": name, "blocked": blocked}
                with (
                    _point(bench, points, one, where) as point,
                    serving(one, bench.cores) as server,
                    _waiting(server.port, blocked),
                ):
                    point.update(_measured(bench, one, server, 32))
    return points


@contextlib.contextmanager
def _waiting(port: int, count: int) -> Iterator[None]:
    """Keep `count` calls that do not return in flight."""
    with contextlib.ExitStack() as kept:
        for _ in range(count):
            waiting = kept.enter_context(socket.create_connection((HOST, port)))
            waiting.sendall(b"GET /block HTTP/1.1\r\nHost: %s\r\n\r\n" % HOST.encode())
        time.sleep(0.5 if count else 0)  # for the server to take them all up
        yield


@contextlib.contextmanager
def _point(
    bench: Bench, points: Points, one: Launch, where: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Collect one point; one that cannot be measured says why instead of a number."""
    point = dict(where)
    try:
        yield point
    except (LoadError, ServerError, WrongAnswer) as error:
        point["failure"] = str(error)
    points.append(point)
    shown = ", ".join(f"{key} {value}" for key, value in point.items())
    bench.say(f"{one.name}: {shown}")


def _measured(bench: Bench, one: Launch, server: Server, connections: int) -> dict[str, Any]:
    found = load.run(one.exchange, server.port, bench.cores.load, connections, bench.plan.seconds)
    if not found.rate:
        raise LoadError("no request was answered")
    return {"rate": found.rate, "p99": found.p99, "failures": found.failures}
