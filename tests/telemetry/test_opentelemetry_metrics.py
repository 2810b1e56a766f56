"""What calls add to OpenTelemetry's metrics, as its in-memory reader sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.trace import NoOpTracerProvider

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.model import execution
from functions_framework.model.function import Signature
from functions_framework.telemetry.tracing import Tracing
from support.followed_calls import HOSTS, PUBSUB, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Measured:
    """Serves functions whose metrics are kept in memory."""

    def __init__(self) -> None:
        self.reader = InMemoryMetricReader()
        provider = MeterProvider([self.reader])
        self.tracing = Tracing("functions", NoOpTracerProvider(), provider)

    def serve(self, kind: str, call: Any, *rest: Any) -> Callable[..., tuple[int, bytes]]:
        return serve(kind, call, self.tracing, *rest)

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    @property
    def counts(self) -> dict[str, int]:
        """Calls by the instrument that counts their kind."""
        names = ("faas.invocations", "faas.errors", "faas.timeouts", "faas.coldstarts")
        found = {name: sum(point.value for point in self.points(name)) for name in names}
        return {name: count for name, count in found.items() if count}


@pytest.fixture
def measured() -> Iterator[Measured]:
    yield Measured()
    execution.execution.set(None)


def crash(request: Any) -> None:
    raise ValueError("on purpose")


@pytest.mark.parametrize("host", HOSTS)
def test_calls_are_counted_by_the_outcome_of_them(measured: Measured, host: str) -> None:
    send = measured.serve(host, lambda request: "ok")
    for _ in range(3):
        send()
    measured.serve(host, lambda request: ("not mine", 404))()
    measured.serve(host, crash)()
    assert measured.counts == {"faas.invocations": 4, "faas.errors": 1, "faas.coldstarts": 1}
    (point,) = measured.points("faas.invocations")
    assert dict(point.attributes) == {"faas.name": "hello", "faas.trigger": "http"}
    (durations,) = measured.points("faas.invoke_duration")
    assert durations.count == 5
    assert 0 < durations.sum < 5
    assert durations.explicit_bounds[0] == 0.005


@pytest.mark.parametrize("host", HOSTS)
def test_what_is_not_an_invocation(measured: Measured, host: str) -> None:
    """Health checks, refused requests and paths that are nobody's call nothing."""
    send = measured.serve(host, lambda event: None, Signature.CLOUDEVENT)
    assert send()[0] == 200
    assert send("/", {}, "PUT")[0] == 405
    assert send("/", {"ce-id": "1"}, "POST")[0] == 400
    assert measured.serve(host, lambda request: "ok")("/robots.txt")[0] == 404
    assert measured.counts == {}
    send("/", PUBSUB, "POST", b"{}")
    (point,) = measured.points("faas.invocations")
    assert point.attributes["faas.trigger"] == "pubsub"


def test_deadlines_are_counted_apart(measured: Measured) -> None:
    def late(request: Any) -> None:
        running = execution.current()
        assert running is not None
        running.deadline = 0.0
        raise RequestTimeoutException("late")

    assert measured.serve("wsgi", late)()[0] == 504
    assert measured.counts == {"faas.timeouts": 1, "faas.coldstarts": 1}


@pytest.mark.parametrize("host", HOSTS)
def test_requests_in_flight(measured: Measured, host: str) -> None:
    seen = []

    def hello(request: Any) -> Any:
        seen.append(in_flight())

        def parts() -> Iterator[str]:
            seen.append(in_flight())
            yield "x"

        return parts()

    def in_flight() -> int:
        return sum(point.value for point in measured.points("http.server.active_requests"))

    measured.serve(host, hello)()
    measured.serve(host, crash)()
    assert seen == [1, 1]
    assert in_flight() == 0
