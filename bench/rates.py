"""Requests per second and latency: the cases, eight connections, HTTP/2, and mixed servers."""

from __future__ import annotations

from dataclasses import replace

from . import http2, peers
from .cases import CASES, chosen
from .contenders import BARE, BARE_READ, NODE, OURS, REF, Launch, entrants, launch
from .points import Point
from .session import Session, by_wrk

FEW = 8
ASGI = "ours --asgi"
MIXED = "ours beside async"


def cases(session: Session) -> list[Point]:
    """Every case, its contenders in turns; the strongest peer beside the async greeting."""
    found: list[Point] = []
    for case in CASES:
        pairs = entrants(case, session.installs)
        if case.name == "async-http":
            beside = peers.peer(peers.STRONGEST, case, session.installs)
            if beside is not None:
                pairs.insert(0, (peers.STRONGEST, beside))
        # Node.js takes turns with the other peers, and here where only it has such functions.
        if case.name not in ("cloudevent", "event"):
            pairs = [pair for pair in pairs if pair[0] != NODE]
        found += session.alternate(case.name, pairs)
    return found


def few(session: Session) -> list[Point]:
    """Eight connections, where what counts is who wakes whom."""
    found: list[Point] = []
    for case in chosen(["http", "cloudevent"]):
        pairs = entrants(case, session.installs, (REF, BARE, BARE_READ, OURS))
        found += session.alternate(case.name, pairs, by_wrk(FEW))
    return found


def over_http2(session: Session) -> list[Point]:
    """HTTP/2 without TLS, beside the bare server; the reference has none."""
    found: list[Point] = []
    for case in chosen(["http", "cloudevent", "async-http"]):
        pairs = entrants(case, session.installs, (BARE, BARE_READ, OURS))
        pairs = [
            (who, one if who == OURS else replace(one, argv=[*one.argv, "--http", "auto"]))
            for who, one in pairs
        ]
        found += session.alternate(case.name, pairs, http2.load)
    return found


def mixed(session: Session) -> list[Point]:
    """Sync functions on the event loop: by `--asgi`, and beside an async function of their file."""
    found: list[Point] = []
    for case in chosen(["http", "cloudevent"]):
        loop = launch(OURS, case, session.installs, "--asgi")
        shared = replace(case, source="mixed.py", target="")
        path = "/hello" if case.name == "http" else "/on_event"
        shared = replace(shared, exchange=replace(case.exchange, path=path))
        pairs: list[tuple[str, Launch]] = [
            (REF, launch(REF, case, session.installs)),
            (ASGI, replace(loop, name=f"asgi-{case.name}")),
            (MIXED, replace(launch(OURS, shared, session.installs), name=f"mixed-{case.name}")),
        ]
        found += session.alternate(case.name, pairs)
    return found
