"""A receiver of OTLP over HTTP: keeps the spans and metrics that are sent to it."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Receiver:
    """What was received.

    Attributes:
        spans: each with the attributes of its resource.
        metrics: the same of metrics, by name.
    """

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.spans: list[tuple[Any, dict[str, Any]]] = []
        self.metrics: list[tuple[Any, dict[str, Any]]] = []

    def take(self, path: str, body: bytes) -> None:
        """Keep what a request holds."""
        if path == "/v1/traces":
            traces = ExportTraceServiceRequest.FromString(body)
            for group in traces.resource_spans:
                for scope in group.scope_spans:
                    found = attributes_of(group.resource)
                    self.spans.extend((span, found) for span in scope.spans)
        elif path == "/v1/metrics":
            measures = ExportMetricsServiceRequest.FromString(body)
            for measured in measures.resource_metrics:
                for metered in measured.scope_metrics:
                    found = attributes_of(measured.resource)
                    self.metrics.extend((metric, found) for metric in metered.metrics)


def attributes_of(item: Any) -> dict[str, Any]:
    """Attributes of a span, a resource or a data point as a dict."""
    return {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value")))
        for pair in item.attributes
    }


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.take(self.path, body)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
