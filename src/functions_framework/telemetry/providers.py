"""Where spans and metrics are sent: OpenTelemetry's providers, set up by its standard variables.

Providers that the user's own code has set are used as they are. Read here are
`OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER` (comma-separated, `otlp` by default) and
`OTEL_EXPORTER_OTLP_PROTOCOL` with its two special forms; all others by the SDK itself.
"""

from __future__ import annotations

import atexit
import os
import threading
import uuid
from importlib.metadata import entry_points, version
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from functions_framework.exceptions import InvalidConfigurationException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_EXIT_SECONDS = 3.0
_DEFAULT_PROTOCOL = "http/protobuf"
_PROTOCOLS = {"http/protobuf": "otlp_proto_http", "grpc": "otlp_proto_grpc"}


def set_up(name: str) -> tuple[trace.TracerProvider, metrics.MeterProvider]:
    """The providers of this process, made and made global where nobody has yet.

    What they hold is sent when the process exits, or lost where that takes longer than 3 seconds.

    Args:
        name: of the functions served; the service's name unless a variable says otherwise.

    Raises:
        InvalidConfigurationException: an exporter is named that is not installed.
    """
    resource = resource_of(name)
    endings: list[Callable[[], object]] = []
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        found = list(_exporters("traces"))
        if found:
            provider = TracerProvider(resource=resource, shutdown_on_exit=False)
            for exporter in found:
                provider.add_span_processor(BatchSpanProcessor(exporter))
            trace.set_tracer_provider(provider)
            endings.append(provider.shutdown)
    if not isinstance(metrics.get_meter_provider(), MeterProvider):
        readers = [_reader_of(exporter) for exporter in _exporters("metrics")]
        if readers:
            meters = MeterProvider(readers, resource, shutdown_on_exit=False)
            metrics.set_meter_provider(meters)
            endings.append(meters.shutdown)
    _end_at_exit(endings)
    return trace.get_tracer_provider(), metrics.get_meter_provider()


def _end_at_exit(endings: list[Callable[[], object]]) -> None:
    """Send what is left when the process exits, for a while: a receiver may be gone for good."""
    is_over = threading.Event()

    def end() -> None:
        is_over.wait()
        for ending in endings:
            ending()

    # Started now: at an interpreter's exit no thread can be.
    thread = threading.Thread(target=end, name="telemetry", daemon=True)
    thread.start()

    def wait() -> None:
        is_over.set()
        thread.join(_EXIT_SECONDS)

    atexit.register(wait)


def _reader_of(exporter: Any) -> MetricReader:
    # Some (Prometheus) are readers themselves.
    return (
        exporter if isinstance(exporter, MetricReader) else PeriodicExportingMetricReader(exporter)
    )


def resource_of(name: str) -> Resource:
    """What describes this process; `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` win."""
    environ = os.environ
    found = _without_default(Resource.create())
    instance = str(found.attributes.get("service.instance.id") or uuid.uuid4())
    attributes: dict[str, str | int] = {
        "service.name": environ.get("K_SERVICE") or name,
        "service.instance.id": instance,
        "process.pid": os.getpid(),
        "faas.name": environ.get("K_SERVICE") or name,
        "faas.instance": instance,
        "telemetry.distro.name": "functions-framework",
        "telemetry.distro.version": version("functions-framework"),
    }
    if environ.get("K_REVISION"):
        attributes["faas.version"] = environ["K_REVISION"]
        attributes["service.version"] = environ["K_REVISION"]
    # What `create` reads from the variables comes last and wins.
    return Resource(attributes).merge(found)


def _without_default(resource: Resource) -> Resource:
    kept = dict(resource.attributes)
    if str(kept.get("service.name", "")).startswith("unknown_service"):
        del kept["service.name"]
    return Resource(kept, resource.schema_url)


def _exporters(signal: str) -> Iterator[Any]:
    names = os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "").strip() or "otlp"
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name != "none":
            yield _exporter(signal, name)


def _exporter(signal: str, name: str) -> Any:
    entry = _protocol_entry(signal) if name == "otlp" else name
    found = list(entry_points(group=f"opentelemetry_{signal}_exporter", name=entry))
    if not found:
        raise InvalidConfigurationException(
            f"OTEL_{signal.upper()}_EXPORTER asks for {name!r}, which would be the exporter "
            f"{entry!r}: no installed package has one. Install it, or name another."
        )
    return found[0].load()()


def _protocol_entry(signal: str) -> str:
    special = f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL"
    protocol = (
        os.environ.get(special)
        or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or _DEFAULT_PROTOCOL
    ).strip()
    if protocol not in _PROTOCOLS:
        raise InvalidConfigurationException(
            f"Found OTLP protocol {protocol!r}, expected one of "
            f"{', '.join(map(repr, _PROTOCOLS))}. Set {special} or OTEL_EXPORTER_OTLP_PROTOCOL."
        )
    return _PROTOCOLS[protocol]
