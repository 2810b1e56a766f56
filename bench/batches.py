"""What a batch of events costs beside as many requests with one event each."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from . import load
from .cases import PUBSUB, Case, chosen
from .contenders import OURS, launch
from .exchange import Exchange
from .installs import Installs
from .measure import CONNECTIONS
from .processes import Cores, serving

EVENTS = 100
AT_MOST = 1 / 3
"""The cost of a batch that is asked for, as a fraction of that of its events one by one."""

_WARM_UP_SECONDS = 1.0


def batch_of(single: Exchange, number: int = EVENTS) -> Exchange:
    """The batch of an event in binary mode, as often as that."""
    attributes = {
        name.removeprefix("ce-"): value
        for name, value in single.headers.items()
        if name.startswith("ce-")
    }
    data = json.loads(single.body)
    events = [
        {**attributes, "id": str(place), "datacontenttype": "application/json", "data": data}
        for place in range(number)
    ]
    return Exchange(
        method="POST",
        headers={"Content-Type": "application/cloudevents-batch+json"},
        body=json.dumps(events).encode(),
        answer=single.answer,
    )


def run(installs: Installs, cores: Cores, seconds: float) -> list[dict[str, Any]]:
    """A point for each kind of function; both loads are put on one server, one after the other."""
    return [
        _point(case, installs, cores, seconds)
        for case in chosen(["cloudevent", "async-cloudevent"])
    ]


def _point(case: Case, installs: Installs, cores: Cores, seconds: float) -> dict[str, Any]:
    batch = replace(case, exchange=batch_of(PUBSUB))
    with serving(launch(OURS, case, installs), cores) as server:
        rates = []
        failures = 0
        for one, events in ((case, 1), (batch, EVENTS)):
            asked = (one.exchange, server.port, cores.load, CONNECTIONS)
            load.run(*asked, _WARM_UP_SECONDS)
            found = load.run(*asked, seconds)
            rates.append(found.rate * events)
            failures += found.failures
    kind = "async" if case.is_async else "sync"
    return {"kind": kind, "single": rates[0], "batch": rates[1], "failures": failures}


def share_of(point: dict[str, Any]) -> float:
    """The cost of an event in a batch, as a fraction of its cost alone."""
    share: float = point["single"] / point["batch"]
    return share


def has_passed(point: dict[str, Any]) -> bool:
    """Whether a batch costs no more than is asked for, without a failure."""
    return share_of(point) <= AT_MOST and not point["failures"]
