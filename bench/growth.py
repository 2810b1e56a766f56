"""How cost grows with what a request, a source or a directory holds: one table for each."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

from .cases import HELLO, PUBSUB, Case, chosen
from .contenders import BARE, OURS, launch
from .exchange import Exchange, WrongAnswer
from .points import Point, keep
from .processes import proportional_memory, serving
from .session import Loading, Session, by_wrk, one_by_one

FUNCTIONS = (1, 10, 100, 500)
# The engine takes 100 headers; the client sends one or two of its own.
HEADERS = (1, 10, 30, 97)
ATTRIBUTES = (0, 5, 20, 80)
TYPED = (10**3, 10**4, 10**5, 10**6, 10**7)
LONG = 10**5
"""Bytes from which on requests are finished one by one."""
LINES = (0, 1, 10, 100)
RECORDINGS = (0, 100, 1000)
"""How many are kept already; a thousand are kept at most."""
ROUNDS = 1
_KINDS = {"sync": "http", "async": "async-http"}
_ITEM = {"name": "a thing of some use", "count": 3, "price": 4.25}


def functions(session: Session) -> list[Point]:
    """From one function on a port to 500: rate of the last, start-up and memory."""
    found: list[Point] = []
    for row in _KINDS:
        for number in FUNCTIONS:
            with tempfile.TemporaryDirectory() as directory:
                source = Path(directory, "main.py")
                source.write_text(source_of(number, is_async=row == "async"))
                # One function alone is served at any path.
                asked = replace(HELLO, path=f"/f{number - 1}")
                case = Case(f"functions-{row}", "", str(source), asked, target="")
                found += _points(session, row, case, number)
                _start(session, case, found[-1])
    return found


def source_of(number: int, *, is_async: bool) -> str:
    """A source with so many greetings."""
    head = "import functions_framework\n"
    word = "async def" if is_async else "def"
    one = "\n\n@functions_framework.http\n{word} f{place}(request):\n    return 'Hello world!'\n"
    return head + "".join(one.format(word=word, place=place) for place in range(number))


def _start(session: Session, case: Case, point: Point) -> None:
    for turn in range(1 + session.plan.weighings):
        with serving(launch(OURS, case, session.installs), session.cores) as server:
            if turn:
                memory = float(proportional_memory(server.process.pid))
                keep(point, start=server.start_time, memory=memory)


def headers(session: Session) -> list[Point]:
    """From one header of a request to as many as the engine takes, beside the bare server."""
    found: list[Point] = []
    for row, name in _KINDS.items():
        (case,) = chosen([name])
        for number in HEADERS:
            more = {
                f"X-Header-{place}": f"a value of some length {place}" for place in range(number)
            }
            pairs = [
                (who, replace(one, exchange=replace(one.exchange, headers=more)))
                for who in (BARE, OURS)
                for one in [launch(who, case, session.installs)]
            ]
            found += session.alternate(row, pairs, at=number, rounds=_rounds(session))
    return found


def attributes(session: Session) -> list[Point]:
    """From the attributes every CloudEvent has to 80 more of its own."""
    found: list[Point] = []
    for row, name in (("sync", "cloudevent"), ("async", "async-cloudevent")):
        (case,) = chosen([name])
        for number in ATTRIBUTES:
            more = {f"ce-extension{place}": f"a value {place}" for place in range(number)}
            asked = replace(PUBSUB, headers={**PUBSUB.headers, **more})
            found += _points(session, row, replace(case, exchange=asked), number)
    return found


def typed(session: Session) -> list[Point]:
    """A list of dataclasses in JSON, from 1 KB to 10 MB."""
    found: list[Point] = []
    sizes = TYPED[:-1] if session.plan.is_short else TYPED
    for row in _KINDS:
        for size in sizes:
            target = "count_async" if row == "async" else "count"
            case = Case(f"typed-{row}", "", "typed_list.py", _list_of(size), target)
            loading = one_by_one if size >= LONG else by_wrk(4)
            found += _points(session, row, case, size, loading)
    return found


def _list_of(size: int) -> Exchange:
    items = [_ITEM] * max(1, size // (len(json.dumps(_ITEM)) + 2))
    return Exchange(
        method="POST",
        headers={"Content-Type": "application/json"},
        body=json.dumps(items).encode(),
        answer=str(len(items)).encode(),
    )


def log_lines(session: Session) -> list[Point]:
    """From no record of a call to 100, as JSON."""
    found: list[Point] = []
    for row, name in _KINDS.items():
        for number in LINES:
            (case,) = chosen([name])
            source = f"{'async_' if row == 'async' else ''}lines.py"
            case = replace(case, source=source, exchange=replace(HELLO, path=f"/{number}"))
            pair = (OURS, launch(OURS, case, session.installs, "--log-format", "json"))
            found += session.alternate(row, [pair], at=number, rounds=_rounds(session))
    return found


def recordings(session: Session) -> list[Point]:
    """A server that records, by how many recordings its directory holds already."""
    found: list[Point] = []
    for row, name in _KINDS.items():
        (case,) = chosen([name])
        for number in RECORDINGS:
            with tempfile.TemporaryDirectory() as directory:
                _fill(session, case, directory, number)
                pair = (OURS, launch(OURS, case, session.installs, "--record", directory))
                found += session.alternate(row, [pair], at=number, rounds=_rounds(session))
    return found


def _fill(session: Session, case: Case, directory: str, number: int) -> None:
    """Let a server record so many requests."""
    if not number:
        return
    one = launch(OURS, case, session.installs, "--record", directory)
    with serving(one, session.cores) as server:
        case.exchange.send(server.port, number)
    kept = len(list(Path(directory).iterdir()))
    if kept < number:
        raise WrongAnswer(f"{kept} recordings of {number} requests")


def _points(
    session: Session, row: str, case: Case, place: int, loading: Loading | None = None
) -> list[Point]:
    pair = (OURS, launch(OURS, case, session.installs))
    return session.alternate(row, [pair], loading, at=place, rounds=_rounds(session))


def _rounds(session: Session) -> int:
    return min(ROUNDS, session.plan.rounds)


TABLES = {
    "functions": ("functions on a port", functions),
    "headers": ("headers of a request", headers),
    "attributes": ("extension attributes of an event", attributes),
    "typed": ("bytes of JSON of a typed function", typed),
    "lines": ("records logged in a call", log_lines),
    "recordings": ("recordings kept already", recordings),
}
"""What grows: how it is called, and what measures it."""
