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
from typing import Any

from . import load
from .cases import PUBSUB, Case
from .contenders import OURS, launch
from .exchange import HOST, Exchange
from .installs import Installs
from .measure import CONNECTIONS
from .processes import Cores, ServerError, free_port, serving

AT_LEAST = {"sqlite": 3000, "redis": 5000}
"""Events per second that are asked for, on one core."""

_EVENT = Exchange(
    method="POST", headers=PUBSUB.headers, body=PUBSUB.body, numbered="ce-id", answer=b"OK"
)
_CASES = (
    Case("idempotent", "sync", "idempotent.py", _EVENT, "on_event"),
    Case("async-idempotent", "async", "idempotent.py", _EVENT, "on_event_async", is_async=True),
)
_WARM_UP_SECONDS = 1.0
_PATIENCE_SECONDS = 10.0


def run(installs: Installs, cores: Cores, seconds: float) -> list[dict[str, Any]]:
    """A point for each store and each kind of function.

    Raises:
        ServerError: there is no redis-server.
    """
    points = []
    for store in AT_LEAST:
        for case in _CASES:
            with tempfile.TemporaryDirectory() as directory, _address(store, directory) as address:
                one = launch(OURS, case, installs)
                quiet = {"IDEMPOTENCY_STORE": address, "LOG_LEVEL": "error"}
                with serving(replace(one, environ=quiet), cores) as server:
                    asked = (case.exchange, server.port, cores.load, CONNECTIONS)
                    load.run(*asked, _WARM_UP_SECONDS)
                    found = load.run(*asked, seconds)
            points.append(
                {
                    "store": store,
                    "kind": case.label,
                    "rate": found.rate,
                    "p99": found.p99,
                    "failures": found.failures,
                }
            )
    return points


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


def has_passed(point: dict[str, Any]) -> bool:
    """Whether a point is as fast as is asked for, without a failure."""
    return point["rate"] >= AT_LEAST[point["store"]] and not point["failures"]
