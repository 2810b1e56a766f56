"""What a batch of events costs beside as many requests with one event each."""

from __future__ import annotations

import json
from dataclasses import replace

from .cases import PUBSUB, Case, chosen
from .contenders import OURS, launch
from .exchange import Exchange
from .points import Point, find, values
from .session import Session

EVENTS = 100
AT_MOST = 1 / 3
"""The cost of a batch that is asked for, as a fraction of that of its events one by one."""
SINGLE, BATCH = "one by one", "in batches"
_ROUNDS = 2
ROWS = {"cloudevent": "sync", "async-cloudevent": "async"}


def batch_of(single: Exchange, number: int = EVENTS) -> Exchange:
    """The batch of an event in binary mode, as often as that.

    Each event has an id of its own, and its message the same one, which is what the function of the
    case looks at: a batch that it raises for would measure tracebacks.
    """
    attributes = {
        name.removeprefix("ce-"): value
        for name, value in single.headers.items()
        if name.startswith("ce-")
    }
    events = [
        {**attributes, "id": str(place), "datacontenttype": "application/json", "data": data}
        for place, data in enumerate(_data(single, str(place)) for place in range(number))
    ]
    return Exchange(
        method="POST",
        headers={"Content-Type": "application/cloudevents-batch+json"},
        body=json.dumps(events).encode(),
        answer=single.answer,
    )


def _data(single: Exchange, identifier: str) -> dict[str, object]:
    data: dict[str, dict[str, object]] = json.loads(single.body)
    return {**data, "message": {**data["message"], "messageId": identifier}}


def run(session: Session) -> list[Point]:
    """Events per second for each kind of function, both ways in turns."""
    found: list[Point] = []
    for case in chosen(list(ROWS)):
        batch: Case = replace(case, name=f"batch-{case.name}", exchange=batch_of(PUBSUB))
        pairs = [
            (SINGLE, launch(OURS, case, session.installs)),
            (BATCH, launch(OURS, batch, session.installs)),
        ]
        points = session.alternate(ROWS[case.name], pairs, rounds=_ROUNDS)
        for point in points:
            if point["who"] == BATCH and "rate" in point:
                point["rate"] = [rate * EVENTS for rate in point["rate"]]
        found += points
    return found


def shares(points: list[Point], row: str) -> list[float]:
    """The cost of an event in a batch, as a fraction of its cost alone, round by round."""
    alone = values(find(points, row, SINGLE), "rate")
    together = values(find(points, row, BATCH), "rate")
    return [one / many for one, many in zip(alone, together, strict=True)]
