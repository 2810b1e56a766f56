"""Stands for the places agents send their data to, and tells which requests they have seen."""

from __future__ import annotations

import gzip
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from support.otlp_receiver import attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Seen = set[tuple[str, int]]
"""The path and the status of each request that an agent reported."""


class Collector:
    """Takes whatever is sent to it.

    Attributes:
        url: where to.
        bodies: what came, with the path it was sent to.
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.bodies: list[tuple[str, bytes]] = []

    def of_sentry(self) -> Seen:
        """Requests in envelopes of Sentry."""
        found: Seen = set()
        for path, body in list(self.bodies):
            for line in body.splitlines() if path.endswith("/envelope/") else ():
                event = json.loads(line)
                if event.get("type") == "transaction" and "request" in event:
                    status = event["contexts"]["response"]["status_code"]
                    found.add((urlsplit(event["request"]["url"]).path, status))
        return found

    def of_datadog(self) -> Seen:
        """Requests in traces of Datadog's agent protocol."""
        return {
            (urlsplit(span["meta"]["http.url"]).path, int(span["meta"]["http.status_code"]))
            for path, body in list(self.bodies)
            if path == "/v0.4/traces"
            for trace in msgspec.msgpack.decode(body)
            for span in trace
            if span["name"] in {"flask.request", "starlette.request"}
        }

    def of_opentelemetry(self) -> Seen:
        """Requests in spans of the instrumentation of Flask or Starlette."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        return {
            request
            for path, body in list(self.bodies)
            if path == "/v1/traces"
            for group in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in group.scope_spans
            if scope.scope.name.startswith("opentelemetry.instrumentation.")
            for span in scope.spans
            for request in _request_of(attributes_of(span))
        }


def _request_of(span: dict[str, Any]) -> Iterator[tuple[str, int]]:
    url = span.get("http.url") or span.get("http.target") or span.get("url.path")
    if url is not None:
        yield urlsplit(url).path, span["http.status_code"]


def of_new_relic(audit_log: Path) -> Seen:
    """Requests in what the agent of New Relic would have sent; it keeps a log of that."""
    if not audit_log.exists():
        return set()
    text = audit_log.read_text(encoding="utf-8", errors="replace")
    # Each request's own attributes stand in one mapping.
    return {
        (uri, int(status))
        for mapping in re.findall(r"\{[^{}]*'request\.uri'[^{}]*\}", text)
        for uri in re.findall(r"'request\.uri': '([^']*)'", mapping)
        for status in re.findall(r"'http\.statusCode': (\d+)", mapping)
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    """Collect until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collector.bodies.append((self.path, body))
            self._answer(b"{}")

        do_PUT = do_POST  # noqa: N815 - the library's way to name methods

        def do_GET(self) -> None:
            self._answer(b'{"endpoints": ["/v0.4/traces"]}')

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
