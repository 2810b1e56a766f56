"""Traces and metrics of a real server, sent to a receiver of OTLP that is started here."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from socket import create_connection
from typing import TYPE_CHECKING, Any

import pytest

from support.followed_calls import PUBSUB
from support.log_process import SPAN, TRACE
from support.log_server import Served, records_of, serving
from support.otlp_receiver import Receiver, attributes_of, receiving

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

CALLS = 32
SOURCE = """
import asyncio, logging, threading, time
from concurrent.futures import ThreadPoolExecutor
import functions_framework
from opentelemetry import trace

tracer = trace.get_tracer("user")
POOL = ThreadPoolExecutor(2)

def inside(what):
    with tracer.start_as_current_span(what):
        name = functions_framework.current().execution_id
        trace.get_current_span().set_attribute("call", name)
        logging.info("%s %s", name, what)

@functions_framework.http
def sync_function(request):
    inside("call")
    thread = threading.Thread(target=inside, args=("thread",))
    thread.start()
    thread.join()
    POOL.submit(inside, "pool").result()
    if "crash" in request.args:
        raise ValueError("on purpose")
    def parts():
        inside("stream")
        yield functions_framework.current().outgoing_headers()["traceparent"]
    return parts()

@functions_framework.http
async def async_function(request):
    inside("call")
    await asyncio.to_thread(inside, "thread")
    await asyncio.get_running_loop().run_in_executor(POOL, inside, "pool")
    await asyncio.sleep(0.001)
    if "crash" in request.query_params:
        raise ValueError("on purpose")
    async def parts():
        await asyncio.sleep(0.001)
        inside("stream")
        yield functions_framework.current().outgoing_headers()["traceparent"]
    return parts()

@functions_framework.cloud_event
def on_event(event):
    logging.info("event")
"""


def _call(served: Served, number: int) -> str:
    headers = {
        "Function-Execution-Id": f"E{number}",
        "traceparent": f"00-{number:032x}-{number + 1:016x}-01",
    }
    return served.get("/", headers)[1]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_each_call_is_one_trace(tmp_path: Path, target: str, workers: str) -> None:
    with receiving() as receiver:
        arguments = ("--target", target, "--workers", workers, "--log-format", "json")
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
        with (
            serving(tmp_path, SOURCE, *arguments, "--access-log", **variables) as served,
            ThreadPoolExecutor(CALLS) as pool,
        ):
            outgoing = list(pool.map(lambda number: _call(served, number), range(1, CALLS + 1)))
    # Everything was sent when the server ended.
    for number in range(1, CALLS + 1):
        _check_trace(receiver, number, outgoing[number - 1])
    assert len(receiver.spans) == CALLS * 5
    _check_records(receiver, records_of(served.output.err))
    processes = {resource["process.pid"] for _, resource in receiver.spans}
    assert len(processes) <= int(workers)
    assert _total(receiver, "faas.invocations") == CALLS
    assert _total(receiver, "faas.coldstarts") == len(processes)
    assert _total(receiver, "http.server.active_requests") == 0


def _check_trace(receiver: Receiver, number: int, outgoing: str) -> None:
    spans = [span for span, _ in receiver.spans if int.from_bytes(span.trace_id, "big") == number]
    (server,) = [span for span in spans if span.kind == 2]
    inner = {span.name: span for span in spans if span is not server}
    assert sorted(inner) == ["call", "pool", "stream", "thread"]
    assert int.from_bytes(server.parent_span_id, "big") == number + 1
    assert attributes_of(server)["faas.invocation_id"] == f"E{number}"
    assert {span.parent_span_id for span in inner.values()} == {server.span_id}
    assert {attributes_of(span)["call"] for span in inner.values()} == {f"E{number}"}
    assert outgoing == f"00-{number:032x}-{server.span_id.hex()}-01"


def _check_records(receiver: Receiver, records: list[dict[str, Any]]) -> None:
    """Each record carries the span it was made in; the access log the server's."""
    spans = {span.span_id.hex(): span for span, _ in receiver.spans}
    assert len(records) == len(spans)
    for record in records:
        span = spans[record[SPAN]]
        assert record[TRACE] == span.trace_id.hex()
        found = attributes_of(span)
        if "httpRequest" in record:
            assert span.kind == 2
        else:
            assert record["message"] == f"{found['call']} {span.name}"


def _total(receiver: Receiver, name: str) -> int:
    """The sum over the processes of the last value each has sent."""
    last: dict[Any, int] = {}
    for metric, resource in receiver.metrics:
        if metric.name == name:
            points = metric.sum.data_points
            last[resource["process.pid"]] = sum(point.as_int for point in points)
    return sum(last.values())


@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_crash_is_an_error_in_both(tmp_path: Path, target: str) -> None:
    with receiving() as receiver:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "K_SERVICE": "service"}
        with serving(tmp_path, SOURCE, "--target", target, **variables) as served:
            assert served.get("/?crash")[0] == 500
    (server,) = [span for span, _ in receiver.spans if span.kind == 2]
    assert server.status.code == 2
    (event,) = server.events
    assert attributes_of(event)["exception.type"] == "ValueError"
    (crash,) = [item for item in records_of(served.output.err) if item["severity"] == "ERROR"]
    assert crash[SPAN] == server.span_id.hex()
    assert {resource["service.name"] for _, resource in receiver.spans} == {"service"}


def test_a_call_cancelled_with_its_client_has_not_failed(tmp_path: Path) -> None:
    source = """
import asyncio, sys
async def hang(request):
    print("begun", file=sys.stderr, flush=True)
    await asyncio.sleep(60)
"""
    with receiving() as receiver:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
        arguments = ("--target", "hang", "--access-log")
        with serving(tmp_path, source, *arguments, **variables) as served:
            with create_connection(("127.0.0.1", served.port)) as client:
                client.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                served.wait_for(re.compile("begun"))
            served.wait_for(re.compile("GET / 499"))
    (server,) = [span for span, _ in receiver.spans]
    assert attributes_of(server)["http.response.status_code"] == 499
    assert (server.status.code, len(server.events)) == (0, 0)
    assert _total(receiver, "faas.errors") == 0


def test_flag_and_standard_variables(tmp_path: Path) -> None:
    with receiving() as receiver:
        variables = {
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{receiver.endpoint}/v1/traces",
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_SERVICE_NAME": "mine",
            "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
            "OTEL_TRACES_SAMPLER": "parentbased_always_off",
        }
        with serving(tmp_path, SOURCE, "--target", "on_event", "--otel", **variables) as served:
            for flags in ("00", "01"):
                parent = {"traceparent": f"00-{1:032x}-{2:016x}-{flags}"}
                assert served.get("/", {**PUBSUB, **parent}, "POST", b"{}")[0] == 200
    ((span, resource),) = receiver.spans
    assert attributes_of(span)["cloudevents.event_id"] == "EV1"
    assert attributes_of(span)["faas.trigger"] == "pubsub"
    assert resource["service.name"] == "mine"
    assert resource["deployment.environment.name"] == "test"
    assert receiver.metrics == []


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "{}", "OTEL_SDK_DISABLED": "True"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"},
    ],
)
def test_nothing_is_imported_where_it_is_off(tmp_path: Path, variables: dict[str, str]) -> None:
    source = """
import json, sys
def hello(request):
    return json.dumps(sorted(name for name in sys.modules if name.startswith(
        ("opentelemetry", "prometheus_client", "functions_framework.telemetry"))))
"""
    with receiving() as receiver:
        given = {name: value.format(receiver.endpoint) for name, value in variables.items()}
        with serving(tmp_path, source, "--target", "hello", **given) as served:
            found = json.loads(served.get()[1])
    assert found == ["functions_framework.telemetry", "functions_framework.telemetry.switch"]
    assert receiver.spans == []


def test_receiver_that_is_gone_delays_no_one(tmp_path: Path) -> None:
    """The calls are answered, and the end waits for the sending no longer than it says."""
    with receiving() as receiver:
        pass
    variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    with serving(tmp_path, SOURCE, "--target", "sync_function", **variables) as served:
        assert served.get()[0] == 200
        started = time.monotonic()
        served.process.terminate()
        assert served.process.wait(20) == 0
    assert time.monotonic() - started < 6


def test_providers_of_the_users_own_are_used(tmp_path: Path) -> None:
    source = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(
    formatter=lambda span: f"user's exporter: {span.name}\\n")))
trace.set_tracer_provider(provider)

def hello(request):
    return "ok"
"""
    with receiving() as receiver:
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
        with serving(tmp_path, source, "--target", "hello", **variables) as served:
            served.get()
    assert served.output.out == "user's exporter: hello\n"
    assert receiver.spans == []
    assert "Overriding" not in served.output.err


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "nowhere"}, "OTEL_TRACES_EXPORTER asks for 'nowhere'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "smoke"}, "Found OTLP protocol 'smoke', expected one of"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    with (
        pytest.raises(AssertionError, match=said) as caught,
        serving(tmp_path, SOURCE, "--target", "on_event", "--otel", **variables),
    ):
        pass
    assert str(caught.value).startswith("Error: ")
    assert "Traceback" not in str(caught.value)
