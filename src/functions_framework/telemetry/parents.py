"""The caller's context of OpenTelemetry, read from the headers of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import context, propagate
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from functions_framework.hosts.layers import Names
from functions_framework.model.trace import read_cloud_trace, traceparent_of

if TYPE_CHECKING:
    from functions_framework.hosts.layers import Head

_CLOUD_TRACE = "x-cloud-trace-context"
_READ = Names("traceparent", "tracestate", "baggage", _CLOUD_TRACE)


class Parents:
    """Reads them by the propagator that is set."""

    def __init__(self) -> None:
        self._w3c: object = None

    def of(self, head: Head) -> context.Context:
        """The caller's context; at once where the W3C's propagators have no header to read."""
        propagator = propagate.get_global_textmap()
        if propagator is not self._w3c and _is_w3c(propagator):
            self._w3c = propagator
        if propagator is self._w3c and head.lacks(_READ):
            return context.Context()
        return propagate.extract(_carrier_of(head))


def _is_w3c(propagator: object) -> bool:
    """Whether it is the one that there is by default: trace context and baggage."""
    kinds = [type(one) for one in getattr(propagator, "_propagators", ())]
    return type(propagator) is CompositePropagator and kinds == [
        TraceContextTextMapPropagator,
        W3CBaggagePropagator,
    ]


def _carrier_of(head: Head) -> dict[str, str]:
    """The headers, with a `traceparent` where only `X-Cloud-Trace-Context` came."""
    headers = dict(head.headers)
    if "traceparent" not in headers and _CLOUD_TRACE in headers:
        made = traceparent_of(read_cloud_trace(headers[_CLOUD_TRACE]))
        if made:
            headers["traceparent"] = made
    return headers
