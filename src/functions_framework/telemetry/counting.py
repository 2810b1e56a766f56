"""Counts the calls of one worker for Prometheus, in files that all processes of a server share.

The files are `prometheus_client`'s own (its "multiprocess mode"): a worker that dies loses nothing
of what it counted. `exposition` reads them together.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge, Histogram

from .numbers import Place, Places
from .outcome import REFUSED, Outcome, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head
    from functions_framework.model.execution import Execution
    from functions_framework.model.function import Function

STARTS = "functions_worker_starts"
_BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
)  # fmt: skip


class _Series:
    """Where the calls of one function with one outcome are counted.

    Args:
        function: kept, so that no other gets its id.
        calls: the place of their number.
        seconds: that of the time of all calls of the function, None where they aren't timed.
        buckets: those of how many took how long.
    """

    __slots__ = ("_buckets", "_calls", "_function", "_seconds")

    def __init__(
        self, function: Function, calls: Place, seconds: Place | None, buckets: list[Place]
    ) -> None:
        self._function = function
        self._calls = calls
        self._seconds = seconds
        self._buckets = buckets

    def add(self, seconds: float) -> None:
        """Add a call; the lock is held."""
        cells, index = self._calls
        cells[index] += 1.0
        if self._seconds is not None:
            cells, index = self._seconds
            cells[index] += seconds
            cells, index = self._buckets[bisect_left(_BUCKETS, seconds)]
            cells[index] += 1.0


class Counting:
    """The instruments of this worker; made once, after the fork.

    A call is what stands for it between `begin` and `end`: when it began, and the gauge it is in.

    Args:
        start_seconds: from the worker's start until its functions could be called.
    """

    has_context = False

    def __init__(self, start_seconds: float) -> None:
        # Registered nowhere: what is shown is read from the files.
        self._invocations = Counter(
            "functions_invocations",
            "Calls of functions by their outcomes: ok, retry and dropped (what an event "
            "function decided), error (a crash or a 5xx), timeout, refused (a request the "
            "function was not called for).",
            ["function", "signature", "outcome"],
            registry=None,
        )
        self._durations = Histogram(
            "functions_invocation_duration_seconds",
            "How long calls took, to the last byte of the response.",
            ["function", "signature"],
            buckets=_BUCKETS,
            registry=None,
        )
        self._gauges = [
            Gauge(name, text, multiprocess_mode="livesum", registry=None)
            for name, text in (
                ("functions_in_flight", "Requests being answered."),
                ("functions_open_websockets", "WebSockets that are open."),
            )
        ]
        Gauge(
            "functions_cold_start_seconds",
            "From a worker's start until its functions could be called; the longest of those "
            "that run.",
            multiprocess_mode="livemax",
            registry=None,
        ).set(start_seconds)
        Counter(STARTS, "Workers that were started and loaded.", registry=None).inc()
        self._places = Places()
        self._find_places()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._find_places)

    def _find_places(self) -> None:
        """Find where to count, at first and in a process that user code forks."""
        self._lock = Lock()
        self._in_flight, self._open = map(self._places.of, self._gauges)
        self._series: dict[str, dict[int, _Series]] = {}

    def begin(self, request: object, head_of: Callable[[Any], Head]) -> tuple[float, Any, int]:  # noqa: ARG002 - of no interest here
        """Count a request as being answered."""
        cells, index = self._in_flight
        lock = self._lock
        lock.acquire()  # in half the time of `with`
        try:
            cells[index] += 1.0
        finally:
            lock.release()
        return time.monotonic(), cells, index

    def begin_socket(
        self,
        request: object,  # noqa: ARG002
        head_of: Callable[[Any], Head],  # noqa: ARG002
    ) -> tuple[float, Any, int]:
        """Count a WebSocket as open."""
        cells, index = self._open
        with self._lock:
            cells[index] += 1
        return time.monotonic(), cells, index

    def end(
        self,
        call: tuple[float, Any, int],
        status: int,
        running: Execution | None,
        error: BaseException | None,
    ) -> None:
        """Count the outcome of a call."""
        started, cells, index = call
        seconds = time.monotonic() - started
        kind = kind_of(status, running, error)
        if running is None or running.calls is not None or kind is None:
            self._end_others(call, Outcome(status, running, error), seconds)
            return
        function: Any = running.function
        series = self._series_of(function, kind)
        lock = self._lock
        lock.acquire()
        try:
            cells[index] -= 1.0
            series.add(seconds)
        finally:
            lock.release()

    def _end_others(self, call: tuple[float, Any, int], outcome: Outcome, seconds: float) -> None:
        """Count what is none, and the calls of a batch."""
        _, cells, index = call
        with self._lock:
            cells[index] -= 1
        for one, took in outcome.calls(seconds):
            if (kind := one.kind) is not None and one.function is not None:
                series = self._series_of(one.function, kind)
                with self._lock:
                    series.add(took)

    def _series_of(self, function: Function, kind: str) -> _Series:
        try:
            return self._series[kind][id(function)]
        except KeyError:
            found = self._new_series(function, kind)
            self._series.setdefault(kind, {})[id(function)] = found
            return found

    def _new_series(self, function: Function, kind: str) -> _Series:
        signature = function.protocol or str(function.signature)
        count = self._invocations.labels(function.name, signature, kind)
        with self._lock:
            if kind == REFUSED:
                return _Series(function, self._places.of(count), None, [])
            timed = self._durations.labels(function.name, signature)
            return _Series(function, self._places.of(count), *self._places.of_histogram(timed))
