"""Counts the calls of one worker for Prometheus, in files that all processes of a server share.

The files are `prometheus_client`'s own (its "multiprocess mode"): a worker that dies loses nothing
of what it counted. `exposition` reads them together.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, Histogram

from .outcome import REFUSED

if TYPE_CHECKING:
    from functions_framework.hosts.layers import Head

    from .outcome import Outcome

STARTS = "functions_worker_starts"
_BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0,
)  # fmt: skip


class Counting:
    """The instruments of this worker; made once, after the fork.

    Args:
        start_seconds: from the worker's start until its functions could be called.
    """

    def __init__(self, start_seconds: float) -> None:
        # Registered nowhere: what is shown is read from the files.
        self.invocations = Counter(
            "functions_invocations",
            "Calls of functions by their outcomes: ok, retry and dropped (what an event "
            "function decided), error (a crash or a 5xx), timeout, refused (a request the "
            "function was not called for).",
            ["function", "signature", "outcome"],
            registry=None,
        )
        self.durations = Histogram(
            "functions_invocation_duration_seconds",
            "How long calls took, to the last byte of the response.",
            ["function", "signature"],
            buckets=_BUCKETS,
            registry=None,
        )
        self.in_flight = Gauge(
            "functions_in_flight",
            "Requests being answered.",
            multiprocess_mode="livesum",
            registry=None,
        )
        self.open_sockets = Gauge(
            "functions_open_websockets",
            "WebSockets that are open.",
            multiprocess_mode="livesum",
            registry=None,
        )
        Gauge(
            "functions_cold_start_seconds",
            "From a worker's start until its functions could be called; the longest of those "
            "that run.",
            multiprocess_mode="livemax",
            registry=None,
        ).set(start_seconds)
        Counter(STARTS, "Workers that were started and loaded.", registry=None).inc()

    def begin(self, request: Head) -> CountedCall:  # noqa: ARG002 - of no interest here
        """Count a request as being answered."""
        return CountedCall(self, self.in_flight)

    def begin_socket(self, request: Head) -> CountedCall:  # noqa: ARG002 - of no interest here
        """Count a WebSocket as open."""
        return CountedCall(self, self.open_sockets)


class CountedCall:
    """One call, until its end is counted."""

    __slots__ = ("_counting", "_gauge", "_started")

    def __init__(self, counting: Counting, gauge: Gauge) -> None:
        self._counting = counting
        self._gauge = gauge
        gauge.inc()
        self._started = time.monotonic()

    def enter(self) -> None:
        """Nothing: counts have no context."""

    def leave(self) -> None:
        """Nothing."""

    def end(self, outcome: Outcome) -> None:
        """Count its outcome."""
        counting = self._counting
        self._gauge.dec()
        for call, seconds in outcome.calls(time.monotonic() - self._started):
            kind, function = call.kind, call.function
            if kind is None or function is None:
                continue
            signature = function.protocol or str(function.signature)
            counting.invocations.labels(function.name, signature, kind).inc()
            if kind != REFUSED:
                counting.durations.labels(function.name, signature).observe(seconds)
