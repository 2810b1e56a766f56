"""How a process begins to tell OpenTelemetry of its calls, and sends what it has."""

from __future__ import annotations

from opentelemetry import metrics, trace

from functions_framework.logs import threads
from functions_framework.model.execution import read_spans_from

from .providers import set_up
from .tracing import CurrentSpan, Tracing, captured


def tracing_of(name: str) -> Tracing:
    """What makes a span of each call, with logs and threads told of it.

    To be called after the user's module was loaded: providers that it has set are left in place.

    Args:
        name: of the functions served.

    Raises:
        InvalidConfigurationException: an exporter is named that is not installed.
    """
    tracing = Tracing(name, *set_up(name))
    read_spans_from(CurrentSpan())
    threads.carry(captured)
    return tracing


def send_now(seconds: float) -> None:
    """Send what is there, where a process may stand still afterwards.

    Args:
        seconds: for spans, and again for metrics; what is not sent by then comes later.
    """
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        flush = getattr(provider, "force_flush", None)
        if flush is not None:
            flush(int(seconds * 1000))
