"""The short ways past OpenTelemetry's SDK give what the SDK itself would have given."""

from __future__ import annotations

import random
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
)
from opentelemetry.sdk.metrics.view import DropAggregation, View
from opentelemetry.sdk.trace import TracerProvider, sampling
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags, TraceState

from functions_framework.telemetry.bound import Bound
from functions_framework.telemetry.dropping import dropped

ATTRIBUTES = {"faas.name": "hello", "faas.trigger": "http"}
OFF, ON = sampling.ALWAYS_OFF, sampling.ALWAYS_ON


class Own(sampling.StaticSampler):
    """Of the user: whatever it says, it is asked."""


SAMPLERS = {
    "off": OFF,
    "on": ON,
    "ratio 0": sampling.TraceIdRatioBased(0),
    "parent, off": sampling.DEFAULT_OFF,
    "parent, on": sampling.DEFAULT_ON,
    "parent, turned round": sampling.ParentBased(ON, OFF, ON, OFF, ON),
    "parent, ratio": sampling.ParentBasedTraceIdRatio(0.5),
    "own": Own(sampling.Decision.DROP),
}
DROPPED = {
    "off": {"none", "sampled", "not sampled", "local"},
    "parent, off": {"none", "not sampled"},
    "parent, on": {"not sampled"},
    "parent, turned round": {"sampled", "local"},
    "parent, ratio": {"not sampled"},
}


def parent(kind: str) -> Context:
    if kind == "none":
        return Context()
    flags = {"sampled": 1, "not sampled": 2, "local": 3, "invalid": 1}[kind]
    trace_id = 0 if kind == "invalid" else 5
    state = TraceState([("vendor", "value")])
    above = SpanContext(trace_id, 7, kind != "local", TraceFlags(flags), state)
    return trace.set_span_in_context(NonRecordingSpan(above), Context())


@pytest.mark.parametrize("kind", ["none", "sampled", "not sampled", "local", "invalid"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_dropped_span_is_the_sdk_s(sampler: str, kind: str) -> None:
    tracer = TracerProvider(SAMPLERS[sampler]).get_tracer("t")
    random.seed(3)
    short = dropped(tracer, parent(kind))
    assert (short is not None) is (kind in DROPPED.get(sampler, ()))
    if short is None:
        return
    after = random.random()
    random.seed(3)
    full = tracer.start_span("t", parent(kind), SpanKind.SERVER, {"a": "b"})
    assert type(full) is type(short)
    assert tuple(full.get_span_context()) == tuple(short.get_span_context())
    assert random.random() == after


def test_tracers_of_others_are_asked() -> None:
    assert dropped(trace.NoOpTracer(), Context()) is None


def _points(way: str, views: list[View], temporality: Any) -> list[Any]:
    kinds: Any = {} if temporality is None else {Histogram: temporality}
    readers = [InMemoryMetricReader(kinds), InMemoryMetricReader()]
    meter = MeterProvider(readers, views=views).get_meter("m")
    counter, histogram = meter.create_counter("c"), meter.create_histogram("h")
    in_span = trace.set_span_in_context(
        NonRecordingSpan(SpanContext(5, 7, False, TraceFlags(1))), Context()
    )
    add: Any = counter.add
    record: Any = histogram.record
    if way == "bound":
        bound = Bound(counter, counter.add, ATTRIBUTES), Bound(histogram, record, ATTRIBUTES)
        add = lambda value, _, context: bound[0](value, context, is_dropped=not context)  # noqa: E731
        record = lambda value, _, context: bound[1](value, context)  # noqa: E731
    found: list[Any] = []
    for number in range(3):
        counter.add(1, {**ATTRIBUTES, "faas.name": "another"})
        for value in (0.001, 6, 30, 20_000):
            add(number + 1, ATTRIBUTES, in_span if number == 1 else Context())
            record(value, ATTRIBUTES, in_span if value == 30 else None)
        for reader in readers:
            data = reader.get_metrics_data()
            for resource in data.resource_metrics if data else ():
                for metric in resource.scope_metrics[0].metrics:
                    found += [metric.name, *map(_plain, metric.data.data_points)]
    return found


def _plain(point: Any) -> Any:
    kept = {name: value for name, value in vars(point).items() if "time" not in name}
    kept["exemplars"] = [(one.value, one.trace_id, one.span_id) for one in point.exemplars]
    return sorted((name, str(value)) for name, value in kept.items())


@pytest.mark.parametrize("temporality", [None, AggregationTemporality.DELTA])
@pytest.mark.parametrize(
    "views",
    [
        [],
        [View(instrument_name="c", attribute_keys={"faas.trigger"})],
        [View(instrument_name="h", name="one"), View(instrument_name="h", name="two")],
        [View(instrument_name="c", aggregation=DropAggregation())],
    ],
    ids=["none", "fewer attributes", "two", "dropped"],
)
def test_bound_instruments_count_as_the_sdk_does(views: list[View], temporality: Any) -> None:
    random.seed(4)
    short = _points("bound", views, temporality)
    random.seed(4)
    assert short == _points("full", views, temporality)
    assert short


def test_bound_instruments_find_where_the_sdk_counts() -> None:
    """Where this fails, OpenTelemetry keeps its numbers elsewhere now: see `telemetry.bound`."""
    counter = MeterProvider([InMemoryMetricReader()]).get_meter("m").create_counter("c")
    bound = Bound(counter, counter.add, ATTRIBUTES)
    bound(1)
    assert len(bound._found) == 1
