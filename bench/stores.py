"""What idempotent functions cost: events per second, each with an id of its own, by store."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .cases import PUBSUB, Case
from .contenders import OURS, launch
from .exchange import HOST, Exchange
from .points import Point, named
from .processes import ServerError, free_port
from .session import Session

AT_LEAST = {"sqlite": 3000, "redis": 5000}
"""Events per second that are asked for, on one core."""

_EVENT = Exchange(
    method="POST", headers=PUBSUB.headers, body=PUBSUB.body, numbered="ce-id", answer=b"OK"
)
_CASES = (
    Case("idempotent", "sync", "idempotent.py", _EVENT, "on_event"),
    Case("async-idempotent", "async", "idempotent.py", _EVENT, "on_event_async", is_async=True),
)
_PATIENCE_SECONDS = 10.0
_ROUNDS = 2


def run(session: Session) -> list[Point]:
    """A point for each store and each kind of function."""
    found: list[Point] = []
    for store in AT_LEAST:
        for case in _CASES:
            with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as kept:
                try:
                    address = kept.enter_context(_address(store, directory))
                except ServerError as error:
                    point = named(case.label, store) | {"failure": str(error)}
                    found.append(session.told(point))
                    continue
                quiet = {"IDEMPOTENCY_STORE": address, "LOG_LEVEL": "error"}
                one = replace(launch(OURS, case, session.installs), environ=quiet)
                found += session.alternate(case.label, [(store, one)], rounds=_ROUNDS)
    return found


@contextlib.contextmanager
def _address(store: str, directory: str) -> Iterator[str]:
    """The address of a new store; a Redis server is left to the system to place."""
    if store == "sqlite":
        yield f"sqlite:///{Path(directory, 'calls.db')}"
        return
    binary = shutil.which("redis-server")
    if binary is None:
        raise ServerError("redis-server is missing: install it (Debian: apt-get install it)")
    port = free_port()
    argv = [binary, "--port", str(port), "--bind", HOST, "--save", "", "--dir", directory]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        _await_port(port)
        yield f"redis://{HOST}:{port}/0"
    finally:
        process.kill()
        process.wait()


def _await_port(port: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.01)
    raise ServerError("redis-server does not listen")
