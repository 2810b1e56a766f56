"""A server span and metrics for each call, in OpenTelemetry's semantic conventions (HTTP, FaaS).

Names: OpenTelemetry semantic conventions 1.x, "HTTP spans", "FaaS spans", "FaaS metrics" and
"CloudEvents spans". Where they are sent to is the business of `providers`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import context, propagate, trace
from opentelemetry.trace import NonRecordingSpan, SpanKind, Status, StatusCode

from functions_framework.model.addresses import host_and_port
from functions_framework.model.trace import NO_TRACE, Trace

from .bound import Bound
from .dropping import dropped
from .outcome import ERROR, OK, TIMEOUT, Outcome, event_attributes, has_left
from .parents import Parents

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from functions_framework.hosts.layers import Head
    from functions_framework.model.execution import Execution

SCOPE = "functions_framework"
_MOST_BOUND = 1000
# The buckets that the conventions advise for durations of requests, in seconds.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_EVENT_ATTRIBUTES = {
    "id": "cloudevents.event_id",
    "source": "cloudevents.event_source",
    "specversion": "cloudevents.event_spec_version",
    "type": "cloudevents.event_type",
    "subject": "cloudevents.event_subject",
}


class Tracing:
    """Makes a span of each call and counts it.

    Args:
        name: the span's name as long as the function is not known.
        tracers: makes the spans.
        meters: makes the instruments.
    """

    def __init__(self, name: str, tracers: TracerProvider, meters: MeterProvider) -> None:
        self._name = name
        self._tracer = tracers.get_tracer(SCOPE)
        meter = meters.get_meter(SCOPE)
        self.active = meter.create_up_down_counter(
            "http.server.active_requests", "{request}", "Requests being answered."
        )
        self.invocations = meter.create_counter(
            "faas.invocations", "{invocation}", "Invocations that succeeded."
        )
        self.errors = meter.create_counter("faas.errors", "{error}", "Invocations that failed.")
        self.timeouts = meter.create_counter(
            "faas.timeouts", "{timeout}", "Invocations that ran past their deadline."
        )
        self.cold_starts = meter.create_counter(
            "faas.coldstarts", "{coldstart}", "First invocations of a process."
        )
        self.durations = meter.create_histogram(
            "faas.invoke_duration",
            "s",
            "How long invocations took.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._is_cold = True
        self._parents = Parents()
        self._bound: dict[tuple[Any, ...], Bound] = {}

    has_context = True

    def begin(self, request: Any, head_of: Callable[[Any], Head]) -> TracedCall:
        """Start the server's span, in the caller's trace."""
        head = head_of(request)
        parent = self._parents.of(head)
        attributes = _attributes_of(head)
        span: Span | None = dropped(self._tracer, parent)
        is_dropped = span is not None
        if span is None:
            span = self._tracer.start_span(
                self._name, parent, SpanKind.SERVER, {**attributes, **_client_of(head)}
            )
        active = self.in_progress(attributes)
        active(1)
        return TracedCall(
            self, span, trace.set_span_in_context(span, parent), active, is_dropped=is_dropped
        )

    begin_socket = begin

    def end(
        self,
        call: TracedCall,
        status: int,
        running: Execution | None,
        error: BaseException | None,
    ) -> None:
        """End the span of a call."""
        call.end(Outcome(status, running, error))

    def in_progress(self, attributes: dict[str, Any]) -> Bound:
        """The requests being answered, of one method and scheme."""
        key = tuple(attributes.values())
        found = self._bound.get(key)
        if found is None:
            if len(self._bound) >= _MOST_BOUND:  # a scheme is what the client's proxy says
                return Bound(self.active, self.active.add, attributes)
            found = self._bound[key] = Bound(self.active, self.active.add, attributes)
        return found

    def of_kind(self, kind: str, name: str, trigger: str) -> tuple[Bound, Bound] | None:
        """What counts and times the calls of a function with one outcome, None for nothing."""
        counters = {OK: self.invocations, ERROR: self.errors, TIMEOUT: self.timeouts}
        counter = counters.get(kind)
        if counter is None:
            return None
        attributes = {"faas.name": name, "faas.trigger": trigger}
        count, timed = (counter, name, trigger), ("", name, trigger)
        bound = self._bound
        if count not in bound:
            bound[count] = Bound(counter, counter.add, attributes)
        if timed not in bound:
            bound[timed] = Bound(self.durations, self.durations.record, attributes)
        return bound[count], bound[timed]

    def is_cold(self) -> bool:
        """Whether this is the first invocation of the process; said once."""
        was_cold, self._is_cold = self._is_cold, False
        return was_cold


def _attributes_of(request: Head) -> dict[str, Any]:
    known = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}
    method = request.method if request.method in known else "_OTHER"
    return {"http.request.method": method, "url.scheme": request.scheme}


def _client_of(request: Head) -> dict[str, Any]:
    found = {
        "url.path": request.path,
        "network.protocol.version": request.version,
        "client.address": request.client,
        "user_agent.original": request.header("user-agent") or "",
    }
    found["server.address"], port = host_and_port(request.header("host") or "")
    return found if port is None else {**found, "server.port": port}


class TracedCall:
    """The span of one call."""

    def __init__(
        self, tracing: Tracing, span: Span, own: context.Context, active: Bound, *, is_dropped: bool
    ) -> None:
        self._tracing = tracing
        self._span = span
        self._context = own
        self._active = active
        self._is_dropped = is_dropped
        self._token: Any = None
        self._started = time.monotonic()

    def enter(self) -> None:
        """Make the span the parent of what the call's code makes."""
        self._token = context.attach(self._context)

    def leave(self) -> None:
        """Undo that."""
        context.detach(self._token)

    def end(self, outcome: Outcome) -> None:
        """End the span with the outcome of the call, and count it."""
        self._active(-1)
        function, span = outcome.function, self._span
        calls = outcome.calls(time.monotonic() - self._started)
        is_cold = any(call.arguments is not None for call, _ in calls) and self._tracing.is_cold()
        if outcome.running is not None:
            # What is written from now on (the access log) is no longer inside the span.
            outcome.running.trace = _trace_of(span)
        if type(span) is not NonRecordingSpan:
            self._describe(outcome, is_cold=is_cold)
        for call, seconds in calls:
            self._count(call, seconds)
        if is_cold and function is not None:
            self._tracing.cold_starts.add(1, {"faas.name": function.name})
        span.end()

    def _describe(self, outcome: Outcome, *, is_cold: bool) -> None:
        """Say of the span what its end has told."""
        function, running, span = outcome.function, outcome.running, self._span
        found: dict[str, Any] = {}
        if function is not None and running is not None:
            span.update_name(function.name)
            found["faas.name"] = function.name
            found["faas.trigger"] = outcome.trigger
            found["faas.invocation_id"] = running.execution_id
            found["faas.coldstart"] = is_cold
            if function.path is not None:
                found["http.route"] = function.path
        for name, value in event_attributes(outcome).items():
            if name in _EVENT_ATTRIBUTES:
                found[_EVENT_ATTRIBUTES[name]] = value
        found["http.response.status_code"] = outcome.status
        # At once: one by one each takes the span's lock, and is cleaned alone.
        span.set_attributes(found)
        error = outcome.error
        if (outcome.status >= 500 or error is not None) and not has_left(outcome.status, error):
            _put_error(span, outcome)

    def _count(self, call: Outcome, seconds: float) -> None:
        kind, function = call.kind, call.function
        if kind is None or function is None:
            return
        bound = self._tracing.of_kind(kind, function.name, call.trigger)
        if bound is not None:
            # In the span's context, for exemplars.
            bound[0](1, self._context, is_dropped=self._is_dropped)
            bound[1](seconds, self._context, is_dropped=self._is_dropped)


def _put_error(span: Span, outcome: Outcome) -> None:
    error = outcome.error
    if error is None:
        span.set_attribute("error.type", str(outcome.status))
        span.set_status(Status(StatusCode.ERROR))
        return
    kind = type(error)
    name = (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
    span.set_attribute("error.type", name)
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, f"{kind.__name__}: {error}"))


def _trace_of(span: Span) -> Trace:
    found = span.get_span_context()
    if not found.is_valid:
        return NO_TRACE
    ids = f"{found.trace_id:032x}", f"{found.span_id:016x}"
    return Trace(*ids, is_sampled=found.trace_flags.sampled)


class CurrentSpan:
    """The span in progress, for log records, `current()` and outgoing requests."""

    def current(self) -> Trace:
        """Its ids; `NO_TRACE` outside one."""
        return _trace_of(trace.get_current_span())

    def put_into(self, headers: dict[str, str]) -> None:
        """Name it in each header that names a trace, in the propagators' own and in Google's."""
        parent, state = headers.get("traceparent"), headers.pop("tracestate", None)
        propagate.inject(headers)
        if state and headers.get("traceparent") == parent:
            headers["tracestate"] = state  # of the caller, who is named still
        trace_id, span_id, is_sampled = self.current()
        if trace_id and span_id and "X-Cloud-Trace-Context" in headers:
            option = int(bool(is_sampled))
            headers["X-Cloud-Trace-Context"] = f"{trace_id}/{int(span_id, 16)};o={option}"


def captured() -> Callable[[], Callable[[], object]]:
    """Capture the span in progress for another thread (see `logs.threads.carry`)."""
    found = context.get_current()

    def enter() -> Callable[[], object]:
        token = context.attach(found)
        return lambda: context.detach(token)

    return enter
