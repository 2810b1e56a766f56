"""The agents people use, from PyPI and switched on their users' way, see each request's end.

They send to a collector of the test's own; that of New Relic writes a log of what it would send.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support.agent_collector import Collector, Seen, collecting, of_new_relic
from support.served_source import EVENT, written
from support.server_process import ServerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.once

BIN = Path(sys.executable).parent
SOURCES = {
    "sync": """
import functions_framework

@functions_framework.http
def hello(request):
    if request.path == "/hello/crash":
        raise LookupError("on purpose")
    if request.path == "/hello/stream":
        return (part for part in ["one ", "two"])
    return ("gone", 410) if request.path == "/hello/gone" else "Hello!"

@functions_framework.cloud_event
def on_event(event):
    pass
""",
    # Flask is not imported: on 3.10 each of them is served by Flask all the same.
    "events": """
import functions_framework

@functions_framework.cloud_event
def on_event(event):
    pass

@functions_framework.typed
def hello(number: int):
    return {"number": number}
""",
    "async": """
import functions_framework

async def parts():
    yield "one "
    yield "two"

@functions_framework.http
async def hello(request):
    if request.url.path == "/hello/crash":
        raise LookupError("on purpose")
    if request.url.path == "/hello/stream":
        return parts()
    return ("gone", 410) if request.url.path == "/hello/gone" else "Hello!"

@functions_framework.cloud_event
async def on_event(event):
    pass
""",
}
EXPECTED: dict[str, Seen] = {
    "sync": {
        ("/hello/a", 200),
        ("/hello/crash", 500),
        ("/hello/gone", 410),
        ("/hello/stream", 200),
        ("/on_event", 200),
    },
    "events": {("/hello", 200), ("/on_event", 200)},
}
EXPECTED["async"] = EXPECTED["sync"]
BOTH = ["sync", "async"]

SENTRY = """
import sentry_sdk
sentry_sdk.init(dsn="{dsn}", traces_sample_rate=1.0)
"""
OTEL = """
import flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.starlette import StarletteInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter("{url}/v1/traces")))
trace.set_tracer_provider(provider)
FlaskInstrumentor().instrument_app(flask.current_app)
StarletteInstrumentor().instrument()
"""
DATADOG = {
    "DD_TRACE_API_VERSION": "v0.4",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
}
NEW_RELIC = """
[newrelic]
app_name = tests
license_key = {key}
developer_mode = true
audit_log_file = {log}
"""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


class Agent:
    """How an agent is switched on, and what it tells.

    Attributes:
        wrapper: the command around the server's.
        environ: variables of the server.
        source: what is put before the source.
        seen: the requests it has reported so far.
    """

    def __init__(self, seen: Callable[[], Seen], *wrapper: str) -> None:
        self.seen = seen
        self.wrapper = wrapper
        self.environ: dict[str, str] = {}
        self.source = ""


def _require(agent: str) -> None:
    """Skip where an agent isn't installed; imported, it would change this process for all tests."""
    if importlib.util.find_spec(agent) is None:
        pytest.skip(f"{agent} is not installed")


def sentry(collector: Collector, directory: Path) -> Agent:
    _require("sentry_sdk")
    agent = Agent(collector.of_sentry)
    agent.source = SENTRY.format(dsn=collector.url.replace("//", "//key@") + "/1")
    return agent


def datadog(collector: Collector, directory: Path) -> Agent:
    _require("ddtrace")
    agent = Agent(collector.of_datadog, "ddtrace-run")
    agent.environ = {**DATADOG, "DD_TRACE_AGENT_URL": collector.url}
    return agent


def new_relic(collector: Collector, directory: Path) -> Agent:
    _require("newrelic")
    log, settings = directory / "audit.log", directory / "newrelic.ini"
    settings.write_text(NEW_RELIC.format(key="0" * 40, log=log))
    agent = Agent(lambda: of_new_relic(log), "newrelic-admin", "run-program")
    agent.environ = {"NEW_RELIC_CONFIG_FILE": str(settings), "NEW_RELIC_STARTUP_TIMEOUT": "10"}
    return agent


def opentelemetry(collector: Collector, directory: Path) -> Agent:
    _require("opentelemetry.instrumentation.flask")
    _require("opentelemetry.instrumentation.starlette")
    agent = Agent(collector.of_opentelemetry, "opentelemetry-instrument")
    agent.environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_SERVICE_NAME": "tests",
    }
    return agent


def opentelemetry_in_the_source(collector: Collector, directory: Path) -> Agent:
    _require("opentelemetry.instrumentation.flask")
    _require("opentelemetry.instrumentation.starlette")
    agent = Agent(collector.of_opentelemetry)
    agent.source = OTEL.format(url=collector.url)
    return agent


@pytest.mark.once
@pytest.mark.parametrize(
    ("switched_on", "kind"),
    [
        *((agent, kind) for agent in (sentry, datadog, new_relic) for kind in SOURCES),
        *((agent, kind) for agent in (opentelemetry, opentelemetry_in_the_source) for kind in BOTH),
    ],
)
def test_an_agent_sees_each_request_with_its_status(
    tmp_path: Path,
    collector: Collector,
    switched_on: Callable[[Collector, Path], Agent],
    kind: str,
) -> None:
    agent = switched_on(collector, tmp_path)
    written(tmp_path, agent.source + SOURCES[kind])
    server = [str(BIN / "functions-framework"), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(
        [*agent.wrapper, *server],
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **agent.environ},
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    with ServerProcess(process) as running:
        running.ready()
        _send(f"http://127.0.0.1:{running.port}", EXPECTED[kind])
        running.signal(signal.SIGTERM)
        assert running.exit_code(20) == 0
        assert "halfway" not in running.log
        # What an agent sends elsewhere, those who read the log still see.
        assert running.log.count("LookupError: on purpose\n") == (kind != "events")
        assert "context" not in running.log  # as in "Failed to detach context"
        wait_until(lambda: EXPECTED[kind] <= agent.seen(), f"{EXPECTED[kind]}")


def _send(url: str, requests: Seen) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        for path, status in requests:
            if path == "/on_event":
                reply = client.post(path, headers=EVENT)
            elif path == "/hello":
                reply = client.post(path, json=3)
            else:
                reply = client.get(path, params={"x": "1"})
            assert reply.status_code == status
            assert path != "/hello/stream" or reply.text == "one two"
