"""What features do, done by the function itself with the libraries that one would take."""

import functools
import json
import logging
import sys
import time

LINE = '127.0.0.1 - - [01/Dec/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "-" 0.000\n'
# As many as the framework's span of a greeting has.
ATTRIBUTES = {f"name.of.an.attribute.{number}": "some text" for number in range(13)}


class JsonHandler(logging.Handler):
    def emit(self, record):
        entry = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": record.created,
            "logger": record.name,
        }
        sys.stderr.write(json.dumps(entry) + "\n")


@functools.cache
def _logger():
    logger = logging.getLogger("by_hand")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(JsonHandler())
    return logger


@functools.cache
def _metrics():
    from prometheus_client import CollectorRegistry, Counter, Histogram

    registry = CollectorRegistry()
    counted = Counter("requests", "Requests", ["function", "status"], registry=registry)
    timed = Histogram("seconds", "How long they took", ["function"], registry=registry)
    return counted, timed


@functools.cache
def _tracer():
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("by_hand")


def access_log(request):
    sys.stderr.write(LINE)
    return "Hello world!"


def json_logs(request):
    _logger().info("a greeting is asked for")
    return "Hello world!"


def prometheus(request):
    counted, timed = _metrics()
    started = time.perf_counter()
    counted.labels("hello", "200").inc()
    timed.labels("hello").observe(time.perf_counter() - started)
    return "Hello world!"


def traced(request):
    with _tracer().start_as_current_span("hello", attributes=ATTRIBUTES):
        return "Hello world!"


def cors(request):
    origin = request.headers["Origin"]
    return "Hello world!", {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}


def _async(function):
    async def waited(request):
        return function(request)

    return waited


async_access_log = _async(access_log)
async_json_logs = _async(json_logs)
async_prometheus = _async(prometheus)
async_traced = _async(traced)
async_cors = _async(cors)
