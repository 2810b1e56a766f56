"""A server span and metrics for each call, in OpenTelemetry's semantic conventions (HTTP, FaaS).

Names: OpenTelemetry semantic conventions 1.x, "HTTP spans", "FaaS spans", "FaaS metrics" and
"CloudEvents spans". Where they are sent to is the business of `providers`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from functions_framework.model.addresses import host_and_port
from functions_framework.model.trace import NO_TRACE, Trace, read_cloud_trace, traceparent_of

from .outcome import ERROR, OK, TIMEOUT, Outcome, event_attributes

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from functions_framework.hosts.layers import Head
    from functions_framework.model.execution import Execution

SCOPE = "functions_framework"
_CLOUD_TRACE = "x-cloud-trace-context"
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

    has_context = True

    def begin(self, request: Any, head_of: Callable[[Any], Head]) -> TracedCall:
        """Start the server's span, in the caller's trace."""
        request = head_of(request)
        parent = propagate.extract(_carrier_of(request))
        attributes = _attributes_of(request)
        span = self._tracer.start_span(
            self._name, parent, SpanKind.SERVER, {**attributes, **_client_of(request)}
        )
        self.active.add(1, attributes)
        return TracedCall(self, span, trace.set_span_in_context(span, parent), attributes)

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

    def is_cold(self) -> bool:
        """Whether this is the first invocation of the process; said once."""
        was_cold, self._is_cold = self._is_cold, False
        return was_cold


def _carrier_of(request: Head) -> dict[str, str]:
    """The headers, with a `traceparent` where only `X-Cloud-Trace-Context` came."""
    headers = dict(request.headers)
    if "traceparent" not in headers and _CLOUD_TRACE in headers:
        made = traceparent_of(read_cloud_trace(headers[_CLOUD_TRACE]))
        if made:
            headers["traceparent"] = made
    return headers


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
        self, tracing: Tracing, span: Span, own: context.Context, attributes: dict[str, Any]
    ) -> None:
        self._tracing = tracing
        self._span = span
        self._context = own
        self._attributes = attributes
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
        self._tracing.active.add(-1, self._attributes)
        function, span = outcome.function, self._span
        calls = outcome.calls(time.monotonic() - self._started)
        is_cold = any(call.arguments is not None for call, _ in calls) and self._tracing.is_cold()
        if outcome.running is not None:
            # What is written from now on (the access log) is no longer inside the span.
            outcome.running.trace = _trace_of(span)
        if function is not None and outcome.running is not None:
            span.update_name(function.name)
            span.set_attribute("faas.name", function.name)
            span.set_attribute("faas.trigger", outcome.trigger)
            span.set_attribute("faas.invocation_id", outcome.running.execution_id)
            span.set_attribute("faas.coldstart", is_cold)
            if function.path is not None:
                span.set_attribute("http.route", function.path)
        for name, value in event_attributes(outcome).items():
            if name in _EVENT_ATTRIBUTES:
                span.set_attribute(_EVENT_ATTRIBUTES[name], value)
        span.set_attribute("http.response.status_code", outcome.status)
        if outcome.status >= 500 or outcome.error is not None:
            _put_error(span, outcome)
        for call, seconds in calls:
            self._count(call, seconds)
        if is_cold and function is not None:
            self._tracing.cold_starts.add(1, {"faas.name": function.name})
        span.end()

    def _count(self, call: Outcome, seconds: float) -> None:
        kind, function = call.kind, call.function
        if kind is None or function is None:
            return
        attributes = {"faas.name": function.name, "faas.trigger": call.trigger}
        tracing = self._tracing
        instrument = {OK: tracing.invocations, ERROR: tracing.errors, TIMEOUT: tracing.timeouts}
        if kind in instrument:
            # In the span's context, for exemplars.
            instrument[kind].add(1, attributes, self._context)
            tracing.durations.record(seconds, attributes, self._context)


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
        propagate.inject(headers)
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
