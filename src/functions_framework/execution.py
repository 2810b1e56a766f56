"""The call in progress: its id, its trace and its deadline, in the one context variable there is.

A host makes an `Execution` for each request and sets it; everything that wants to know which call
it belongs to (logs, traces, user code) reads it here. Nothing is parsed until it is asked for.
"""

from __future__ import annotations

import re
import time
from contextvars import ContextVar
from random import Random

from .function import Function

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_CLOUD_TRACE = re.compile(r"(\w+)(?:/(\d+))?(?:;o=(\d))?")
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16

# A generator of its own: user code that seeds `random` must not make ids repeat.
_random_bits = Random().getrandbits


def reseed() -> None:
    """Draw fresh ids in this process; a worker calls it after a fork."""
    global _random_bits  # noqa: PLW0603 - one generator a process, replaced after a fork
    _random_bits = Random().getrandbits


def new_execution_id() -> str:
    """Make a random id of 12 characters, as the platform's own ids are."""
    return f"{_random_bits(48):012x}"


class Execution:
    """One call of a function.

    Attributes:
        function: the function called, None outside a host.
        execution_id: the id the caller sent in `Function-Execution-Id`, or a new one.
        traceparent: the W3C header as received.
        tracestate: the W3C header as received.
        cloud_trace: the `X-Cloud-Trace-Context` header as received.
        deadline: `time.monotonic()` seconds at which the call ends, None for no limit.
        cold_start: whether it is this process's first call.
    """

    __slots__ = (
        "cloud_trace",
        "cold_start",
        "deadline",
        "execution_id",
        "function",
        "traceparent",
        "tracestate",
    )

    def __init__(
        self,
        execution_id: str,
        function: Function | None = None,
        traceparent: str | None = None,
        cloud_trace: str | None = None,
        tracestate: str | None = None,
    ) -> None:
        self.execution_id = execution_id
        self.function = function
        self.traceparent = traceparent
        self.cloud_trace = cloud_trace
        self.tracestate = tracestate
        self.deadline: float | None = None
        self.cold_start = False

    def _trace(self) -> tuple[str | None, str | None]:
        if self.cloud_trace:
            found = _CLOUD_TRACE.fullmatch(self.cloud_trace)
            if found:
                return found[1], found[2]
        if self.traceparent:
            found = _TRACEPARENT.match(self.traceparent)
            if found and found[1] != _NO_TRACE and found[2] != _NO_SPAN:
                return found[1], found[2]
        return None, None

    @property
    def trace_id(self) -> str | None:
        """The caller's trace id (`X-Cloud-Trace-Context` first, then W3C `traceparent`)."""
        return self._trace()[0]

    @property
    def span_id(self) -> str | None:
        """The caller's span id as received: hex from W3C, decimal from `X-Cloud-Trace-Context`."""
        return self._trace()[1]

    def remaining(self) -> float | None:
        """Seconds until the deadline, not below 0; None when there is none."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - time.monotonic())


execution: ContextVar[Execution | None] = ContextVar("functions_framework.execution", default=None)


def current() -> Execution | None:
    """The call this code runs in, None outside one."""
    return execution.get()


def remaining() -> float | None:
    """Seconds until the current call's deadline; None without a deadline or outside a call."""
    running = execution.get()
    return None if running is None else running.remaining()
