"""Spans that OpenTelemetry's SDK is known to drop, made without asking it for one.

Its `start_span` takes the attributes of the request, which nobody will see then. Where the sampler
is one of the SDK's own and drops whatever comes, or whatever has this parent, the span without a
record is made here with the ids, flags and state that `start_span` gives it. Any other is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, get_current_span

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

try:
    from opentelemetry.sdk.trace import Tracer as SdkTracer
    from opentelemetry.sdk.trace import sampling
except ImportError:  # the API alone, with tracers of another
    SdkTracer = sampling = None  # type: ignore[assignment,misc]


def dropped(tracer: Tracer, parent: Context) -> NonRecordingSpan | None:
    """The span that the SDK would make of a call, where it is sure to drop it; else None.

    Args:
        tracer: of the SDK, or another.
        parent: the caller's context.
    """
    if type(tracer) is not SdkTracer:
        return None
    found: Any = tracer
    # Later versions than 1.30 say whether ids are random, and count spans: known from there on.
    generator = found.id_generator
    is_random = getattr(generator, "is_trace_id_random", None)
    started = getattr(found, "_tracer_metrics", None)
    if is_random is None or started is None or not found._is_enabled():  # noqa: SLF001
        return None
    above: SpanContext | None = get_current_span(parent).get_span_context() if parent else None
    if above is not None and (type(above) is not SpanContext or not above.is_valid):
        return None
    if not _drops(found.sampler, above):
        return None
    if above is None:
        trace_id, state, is_flagged = generator.generate_trace_id(), None, is_random()
    else:
        trace_id, state = above.trace_id, above.trace_state
        is_flagged = above.trace_flags.random_trace_id
    flags = TraceFlags(TraceFlags.RANDOM_TRACE_ID if is_flagged else TraceFlags.DEFAULT)
    own = SpanContext(trace_id, generator.generate_span_id(), False, flags, state)  # noqa: FBT003
    started.start_span(above, sampling.Decision.DROP)
    return NonRecordingSpan(own)


def _drops(sampler: Any, above: SpanContext | None) -> bool:
    """Whether a sampler of the SDK's own drops what has this parent, whatever its id will be."""
    kind = type(sampler)
    if kind is sampling.StaticSampler:
        return bool(sampler._decision is sampling.Decision.DROP)  # noqa: SLF001
    if kind is sampling.ParentBased or kind is sampling.ParentBasedTraceIdRatio:
        return _drops(_delegate(sampler, above), above)
    return False


def _delegate(sampler: Any, above: SpanContext | None) -> Any:
    """Whom a `ParentBased` asks."""
    if above is None:
        return sampler._root  # noqa: SLF001
    side = "remote" if above.is_remote else "local"
    answer = "sampled" if above.trace_flags.sampled else "not_sampled"
    return getattr(sampler, f"_{side}_parent_{answer}")
