"""How many clients of one address have stopped sending, as their connections and calls show.

A WSGI engine does not tell which connection a call came by. An idle connection, one whose call
takes long and one on which a body stopped look alike; so do a connection on which a body goes on
and one that is used for short calls. Both bounds hold whoever is who: as many are silent, and as
many move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..wire.look import Connection

_EARLY = 0.01
"""Seconds by which the kernel's clock may differ."""

_LATE = 0.025
"""Seconds in which what a request makes the engine send is sent."""

_LONGEST_LAG = 1.0
"""Seconds, at most, from the arrival of a request to its call, if it need not wait for a place."""


class Calls(NamedTuple):
    """The calls of an address, each by the seconds for which it has been running.

    Attributes:
        owing: those that wait for their bodies.
        others: the rest.
        waiting: how many wait for their place, of whatever address.
        told: when clients were told to go on (`Expect: 100-continue`), in `time.monotonic()`
            seconds.
    """

    owing: Collection[float]
    others: Collection[float]
    waiting: int
    told: Collection[float]


def stopped(connections: Collection[Connection], calls: Calls, seconds: float, now: float) -> int:
    """How many of the calls that wait for their bodies wait in vain, at most.

    Args:
        connections: of the address.
        calls: of the address.
        seconds: after which a client that sends nothing has stopped.
        now: in `time.monotonic()` seconds.
    """
    since = now - seconds
    # On which nothing was answered: a call waits, for its body or for its own work.
    asked = [
        item
        for item in connections
        if item.received_at >= item.sent_at - _LATE
        or any(-_EARLY <= item.sent_at - moment <= _LATE for moment in calls.told)
    ]
    silent = sum(item.received_at <= since for item in asked)
    # Calls that have been answered, are being answered, or whose clients have left.
    answered = max(0, len(calls.others) + len(calls.owing) - len(asked))
    lag = min(_LONGEST_LAG, seconds / 2)
    long = calls.waiting + sum(age >= seconds - lag for age in calls.others)
    # Nothing but more of a body comes so long after what was last sent.
    moving = sum(item.received_at > since and item.sent_at <= since + _LATE for item in connections)
    old = sum(age >= seconds for age in calls.owing)
    return min(silent - max(0, long - answered), old - moving)
