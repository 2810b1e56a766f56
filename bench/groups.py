"""The groups a complete run consists of, in order; each can be measured alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import (
    batches,
    bodies,
    connections,
    features,
    growth,
    peers,
    rates,
    restarts,
    starts,
    stores,
    workers,
)
from .points import Point
from .session import Session


class Group(NamedTuple):
    """What is measured together.

    Attributes:
        what: in words.
        measure: gives its points.
    """

    what: str
    measure: Callable[[Session], list[Point]]


GROUPS: dict[str, Group] = {
    "cases": Group("requests per second of every case", rates.cases),
    "few": Group("the same with 8 connections", rates.few),
    "http2": Group("the same over HTTP/2", rates.over_http2),
    "mixed": Group("sync functions on the event loop", rates.mixed),
    "starts": Group("start-up and memory", starts.run),
    "features": Group("features that are on", features.run),
    "bodies": Group("bodies from 1 KiB to 256 MiB", bodies.run),
    "restarts": Group("restart on a change", restarts.run),
    "batches": Group("batches of events", batches.run),
    "stores": Group("idempotent functions", stores.run),
    "peers": Group("what a user would pick instead", peers.run),
    "connections": Group("connections from 1 to 2,048", connections.run),
    "blocked": Group("calls blocked in I/O", connections.blocked),
    "workers": Group("one worker and two", workers.run),
    **{name: Group(what, measure) for name, (what, measure) in growth.TABLES.items()},
}
