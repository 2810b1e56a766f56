"""Shows the metrics of a server's workers to Prometheus, from a process that runs no user code."""

from __future__ import annotations

import os
import re
import struct
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from functions_framework.runtime.memory import resident_bytes

from .counting import STARTS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prometheus_client.core import Metric

PATH = "/metrics"
_ATTEMPTS = 50
_PAUSE_SECONDS = 0.01
# prometheus_client names the files of a process `<kind>_<pid>.db`.
_FILE = re.compile(r"\w+_(\d+)\.db")


def expose(listener: socket.socket, directory: Path, workers: int) -> ThreadingHTTPServer:
    """Make the HTTP server that answers `GET` and `HEAD` of `/metrics`; `serve_forever` runs it.

    Args:
        listener: a bound socket.
        directory: where the workers count.
        workers: how many there are meant to be.
    """
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]
    registry.register(Processes(directory, workers))
    server = ThreadingHTTPServer(("", 0), _handler_of(registry, directory), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    server.server_activate()
    return server


def _handler_of(registry: CollectorRegistry, directory: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10.0
        server_version = "functions-framework"
        sys_version = ""

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != PATH:
                self.send_error(404, explain=f"The metrics are at {PATH}.")
                return
            forget_dead(directory)
            encode, content_type = choose_encoder(self.headers.get("Accept", ""))
            body = _steady(lambda: encode(registry))
            if body is None:
                self.send_error(503, explain="What the workers count cannot be read; ask again.")
                return
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the name is the base class's

        def log_message(self, *_: Any) -> None:
            """Say nothing of each scrape."""

    return Handler


def _steady(read: Callable[[], bytes]) -> bytes | None:
    """Read what workers count into at the same time; None where it stays unreadable.

    Files are read without a lock: one that a worker has just made is empty for a moment, and one
    that grows or goes is caught half-way.
    """
    for _ in range(_ATTEMPTS):
        with suppress(struct.error, RuntimeError, OSError):
            return read()
        time.sleep(_PAUSE_SECONDS)
    return None


def pids_in(directory: Path) -> set[int]:
    """The processes that have counted something."""
    names = (_FILE.fullmatch(file.name) for file in directory.glob("*.db"))
    return {int(found[1]) for found in names if found}


def is_alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def forget_dead(directory: Path) -> None:
    """Drop the gauges of workers that are gone; what they counted stays."""
    for pid in pids_in(directory):
        if not is_alive(pid):
            mark_process_dead(pid, str(directory))  # type: ignore[no-untyped-call]


class Processes:
    """The metrics of the worker processes themselves.

    Args:
        directory: where the workers count.
        workers: how many there are meant to be: those started beyond are replacements.
    """

    def __init__(self, directory: Path, workers: int) -> None:
        self._directory = directory
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        """The families, for the registry."""
        restarts = CounterMetricFamily(
            "functions_worker_restarts", "Workers that were started in place of another."
        )
        restarts.add_metric([], max(0.0, self._starts() - self._workers))
        yield restarts
        sizes = [_resident_bytes(pid) for pid in pids_in(self._directory)]
        if sys.platform.startswith("linux"):
            memory = GaugeMetricFamily(
                "process_resident_memory_bytes", "Resident memory of all workers together."
            )
            memory.add_metric([], float(sum(sizes)))
            yield memory

    def describe(self) -> list[Metric]:
        """Nothing beforehand: asking would collect."""
        return []

    def _starts(self) -> float:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]
        return registry.get_sample_value(f"{STARTS}_total") or 0.0


def _resident_bytes(pid: int) -> int:
    try:
        return resident_bytes(pid)
    except (OSError, IndexError):  # gone by now
        return 0
