"""Calls of functions whose spans are kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from functions_framework.telemetry.tracing import Tracing
from support.followed_calls import serve

if TYPE_CHECKING:
    from collections.abc import Callable


class Traced:
    """Serves functions whose spans are kept in memory."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("user")
        self.tracing = Tracing("functions", self.provider, NoOpMeterProvider())

    def serve(self, *arguments: Any, **keywords: Any) -> Callable[..., tuple[int, bytes]]:
        kind, call, *rest = arguments
        return serve(kind, call, self.tracing, *rest, **keywords)

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    @property
    def server_span(self) -> ReadableSpan:
        (span,) = [span for span in self.spans if span.kind is SpanKind.SERVER]
        return span


def attributes_of(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})
