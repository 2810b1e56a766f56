"""The call in progress: its id, its trace and its deadline, in the one context variable there is.

A host makes an `Execution` for each request and sets it; everything that wants to know which call
it belongs to (logs, traces, user code) reads it here. Nothing is parsed until it is asked for.
"""

from __future__ import annotations

import os
import time
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from .trace import (
    NO_TRACE,
    Trace,
    read_cloud_trace,
    read_traceparent,
    read_tracestate,
    traceparent_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .function import Function

EXECUTION_ID = "Function-Execution-Id"
"""The header of a call's id."""

DEADLINE = "functions_framework.deadline"
"""Where a server puts a call's deadline: in its environ or scope, as `Execution` has it."""


class Ended(Protocol):
    """One of several calls that a request was, and its outcome."""

    @property
    def running(self) -> Execution | None:
        """The call, None where it did not begin."""

    @property
    def status(self) -> int:
        """Of its own response."""

    @property
    def seconds(self) -> float:
        """How long it took."""


# Ids to be, so many at a time: one by one they take four times as long. They are the system's
# random bytes: user code that seeds `random` must not make ids repeat.
_ids: list[str] = []
_AT_A_TIME = 64
_BYTES = 6

FIRST = [True]
"""Holds one entry until the process's first call takes it."""


def reseed() -> None:
    """Draw fresh ids in this process, whose first call is yet to come; called after a fork."""
    FIRST[:] = [True]
    _ids.clear()


def take_first() -> bool:
    """Whether this is the process's first call."""
    try:
        return FIRST.pop()
    except IndexError:  # another thread's call was first
        return False


def new_execution_id() -> str:
    """Make a random id of 12 characters, as the platform's own ids are."""
    try:
        return _ids.pop()
    except IndexError:
        first, *others = os.urandom(_BYTES * _AT_A_TIME).hex(" ", _BYTES).split()
        _ids.extend(others)
        return first


_making_id = Lock()


class Execution:
    """One call of a function.

    Attributes:
        function: the function called, None outside a host.
        execution_id: the id the caller sent in `Function-Execution-Id`, or a new one, made when
            somebody asks for it.
        known_id: the same where it is known already, else None.
        traceparent: the W3C header as received.
        tracestate: the W3C header as received.
        cloud_trace: the `X-Cloud-Trace-Context` header as received.
        deadline: `time.monotonic()` seconds at which the call ends, None for no limit.
        cold_start: whether it is this process's first call.
        unfinished: text written to a wrapped stream without its line's end yet (`logs.streams`),
            None as long as nothing was.
        arguments: what the function was called with, where calls are traced or counted; None
            until it is.
        error: what ended the call where that was a crash; None else, and where nobody asks.
        verdict: what an event function decided about its event; None else.
        calls: what the request of a batch of events was, a call for each; None for any other.
        began: `time.monotonic()` seconds at which the function's own code began, under --debug.
        ended: the same of its end.
        lines: what it logged and printed, under --debug (`logs.call_lines`).
        is_quiet: whether the request is of a page of the framework's own, which nobody logs.
        at_end: told the seconds from its arrival to the last byte of its response; None for nobody.
    """

    # No slots: what most calls never set is the class's.
    arguments: tuple[Any, ...] | None = None
    error: BaseException | None = None
    verdict: str | None = None
    calls: list[Ended] | None = None
    began: float
    ended: float
    lines: Any = None
    is_quiet: bool = False
    at_end: Callable[[float], object] | None = None
    function: Function | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    cloud_trace: str | None = None
    deadline: float | None = None
    cold_start: bool = False
    unfinished: dict[Any, Any] | None = None
    known_id: str | None = None
    _trace: Trace | None = None

    def __init__(
        self,
        execution_id: str | None = None,
        function: Function | None = None,
        traceparent: str | None = None,
        cloud_trace: str | None = None,
        tracestate: str | None = None,
    ) -> None:
        self.known_id = execution_id
        self.function = function
        self.traceparent = traceparent
        self.cloud_trace = cloud_trace
        self.tracestate = tracestate
        if FIRST:
            self.cold_start = take_first()

    def note(self, error: BaseException) -> None:
        """Note what has ended the call, unless nobody asks: its traceback leads back to this."""
        if _errors_are_asked_for:
            self.error = error

    @property
    def execution_id(self) -> str:
        """See the class."""
        if self.known_id is None:
            with _making_id:
                # Threads of one call agree on the first one's.
                if self.known_id is None:
                    self.known_id = new_execution_id()
        return self.known_id

    @execution_id.setter
    def execution_id(self, execution_id: str) -> None:
        self.known_id = execution_id

    @property
    def trace(self) -> Trace:
        """The caller's trace: `X-Cloud-Trace-Context` first, then W3C `traceparent`.

        Where this process makes spans of its own, the one in progress.
        """
        if _spans is not None and (own := _spans.current()) is not NO_TRACE:
            return own
        if self._trace is None:
            trace = read_cloud_trace(self.cloud_trace) if self.cloud_trace else NO_TRACE
            if trace is NO_TRACE and self.traceparent:
                trace = read_traceparent(self.traceparent)
            self._trace = trace
        return self._trace

    @trace.setter
    def trace(self, trace: Trace) -> None:
        self._trace = trace

    @property
    def trace_id(self) -> str | None:
        """The caller's trace id, None when it sent none."""
        return self.trace.trace_id

    @property
    def span_id(self) -> str | None:
        """The caller's span id as received: hex from W3C, decimal from `X-Cloud-Trace-Context`."""
        return self.trace.span_id

    @property
    def is_sampled(self) -> bool | None:
        """Whether the caller records the trace, None when it did not say."""
        return self.trace.is_sampled

    def outgoing_headers(self) -> dict[str, str]:
        """Headers for a request that belongs to this call, so that the next service joins it.

        `Function-Execution-Id` always; the trace headers as they were received, without those that
        are malformed, and `traceparent` made from `X-Cloud-Trace-Context` where only that came.
        """
        headers = {EXECUTION_ID: self.execution_id}
        if self.traceparent and read_traceparent(self.traceparent) is not NO_TRACE:
            headers["traceparent"] = self.traceparent.strip()
            if self.tracestate and (state := read_tracestate(self.tracestate)):
                headers["tracestate"] = state
        if self.cloud_trace:
            trace = read_cloud_trace(self.cloud_trace)
            if trace is not NO_TRACE:
                headers["X-Cloud-Trace-Context"] = self.cloud_trace.strip()
                if "traceparent" not in headers and (made := traceparent_of(trace)):
                    headers["traceparent"] = made
        if _spans is not None:
            _spans.put_into(headers)
        return headers

    def remaining(self) -> float | None:
        """Seconds until the deadline, not below 0; None when there is none."""
        if self.deadline is None:
            return None
        return max(0.0, self.deadline - time.monotonic())


class Received(Execution):
    """A call as hosts make it; they set what its request has, the rest is the class's."""

    if not TYPE_CHECKING:
        # The one of C takes a third of the time of one in Python.
        __init__ = object.__init__


def _with_all() -> None:
    """Set what a call may have, once.

    The interpreter keeps places for what the first objects of a class have; one that gets more,
    later, costs a dictionary of its own.
    """
    call = Received()
    call.function = call.known_id = call.traceparent = call.tracestate = call.cloud_trace = None
    call.deadline = call.arguments = call.error = call.verdict = call.unfinished = None
    call.cold_start = False
    call._trace = None  # noqa: SLF001 - of a class of this module


_with_all()


class Spans(Protocol):
    """Who makes spans in this process."""

    def current(self) -> Trace:
        """The span in progress, `NO_TRACE` outside one."""

    def put_into(self, headers: dict[str, str]) -> None:
        """Let headers of an outgoing request name the span in progress."""


_spans: Spans | None = None
_errors_are_asked_for = True


def read_spans_from(spans: Spans | None) -> None:
    """Let calls tell the spans of this process instead of their callers', None for theirs again."""
    global _spans  # noqa: PLW0603 - a process has one that makes spans
    _spans = spans


execution: ContextVar[Execution | None] = ContextVar("functions_framework.execution", default=None)


def forget_errors() -> None:
    """Have calls not note what ends them: nobody in this process will ask."""
    global _errors_are_asked_for  # noqa: PLW0603 - a process has those who ask, or has not
    _errors_are_asked_for = False


def current() -> Execution | None:
    """The call this code runs in, None outside one."""
    return execution.get()


def remaining() -> float | None:
    """Seconds until the current call's deadline; None without a deadline or outside a call."""
    running = execution.get()
    return None if running is None else running.remaining()
