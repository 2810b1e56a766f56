"""A program that does what OpenFaaS's of-watchdog does in `mode=http`; standard library only.

It starts the process of `fprocess`, sends requests on to `upstream_url`, with bodies chunked, gives
up after `exec_timeout`, refuses beyond `max_inflight`, and tells its health at `/_/health` and
`/_/ready`. On SIGTERM it hands the signal on at once, says 503 at both, takes requests for
`healthcheck_interval` more and waits for those in flight.

Source: the README of of-watchdog 0.11 ("API", "HTTP mode", "Configuration"); what happens on
SIGTERM was seen on it.
"""

from __future__ import annotations

import http.client
import os
import shlex
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# Fields of a connection, which no proxy sends on (RFC 9110, section 7.6.1).
_OF_CONNECTION = {
    "connection",
    "content-length",
    "keep-alive",
    "transfer-encoding",
    "te",
    "upgrade",
}


def seconds(text: str) -> float:
    """A duration as Go writes it, such as `30s`; a number alone is of seconds."""
    unit = text.lstrip("0123456789.")
    return float(text.removesuffix(unit)) * _UNITS[unit or "s"]


class Watchdog(ThreadingHTTPServer):
    """The proxy and the process behind it."""

    daemon_threads = True

    def __init__(self, settings: dict[str, str]) -> None:
        super().__init__(("127.0.0.1", int(settings.get("port", "8080"))), _Handler)
        self.upstream = urlsplit(settings["upstream_url"]).netloc
        self.timeout_seconds = seconds(settings.get("exec_timeout", "0"))
        self.write_seconds = seconds(settings.get("write_timeout", "10s"))
        self.interval = seconds(settings.get("healthcheck_interval", "5s"))
        self.most = int(settings.get("max_inflight", "0"))
        self.ready_path = settings.get("ready_path", "")
        self.is_accepting = True
        self.in_flight = 0
        self.lock = threading.Lock()
        self.draining = threading.Thread(target=self._drain)
        self.process = subprocess.Popen(shlex.split(settings["fprocess"]))
        threading.Thread(target=self._end_with_process, daemon=True).start()

    def _end_with_process(self) -> None:
        if self.process.wait():
            os._exit(1)

    def drain(self, *_: object) -> None:
        """Begin to end, as SIGTERM asks."""
        self.draining.start()

    def _drain(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.is_accepting = False
        time.sleep(self.interval)
        self.shutdown()
        until = time.monotonic() + self.write_seconds
        while self.in_flight and time.monotonic() < until:
            time.sleep(0.01)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Watchdog

    def handle_any(self) -> None:
        with self.server.lock:
            is_full = 0 < self.server.most <= self.server.in_flight
        if self.path in {"/_/health", "/_/ready"}:
            self._tell_health(is_full=is_full)
        elif is_full:
            self._send(429, [], b"Concurrent request limit exceeded")
        else:
            with self.server.lock:
                self.server.in_flight += 1
            try:
                self._send_on(self.path)
            finally:
                with self.server.lock:
                    self.server.in_flight -= 1

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815

    def _tell_health(self, *, is_full: bool) -> None:
        if self.command != "GET":
            self._send(405, [], b"")
        elif not self.server.is_accepting:
            self._send(503, [], b"")
        elif self.path == "/_/health":
            self._send(200, [], b"OK")
        elif is_full:
            self._send(429, [], b"")
        elif self.server.ready_path:
            self._send_on(self.server.ready_path)
        else:
            self._send(200, [], b"")

    def _send_on(self, target: str) -> None:
        began = time.monotonic()
        upstream = http.client.HTTPConnection(
            self.server.upstream, timeout=self.server.timeout_seconds or None
        )
        try:
            upstream.putrequest(self.command, target, skip_host=True, skip_accept_encoding=True)
            for name, value in _sent_on(self.headers.items()):
                upstream.putheader(name, value)
            length = int(self.headers.get("Content-Length", "0"))
            if length:
                upstream.putheader("Transfer-Encoding", "chunked")
            upstream.endheaders()
            if length:
                body = self.rfile.read(length)
                upstream.send(b"%x\r\n%b\r\n0\r\n\r\n" % (length, body))
            response = upstream.getresponse()
            fields = [
                pair for pair in response.getheaders() if pair[0].lower() not in _OF_CONNECTION
            ]
            status, answer = response.status, response.read()
        except TimeoutError:
            status, fields, answer = 504, [], b""
        except (OSError, http.client.HTTPException):
            status, fields, answer = 500, [], b""
        finally:
            upstream.close()
        fields.append(("X-Duration-Seconds", f"{time.monotonic() - began:f}"))
        self._send(status, fields, answer)

    def _send(self, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _sent_on(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [pair for pair in fields if pair[0].lower() not in _OF_CONNECTION]


def main() -> None:
    """Serve until SIGTERM has been carried out."""
    watchdog = Watchdog(dict(os.environ))
    signal.signal(signal.SIGTERM, watchdog.drain)
    watchdog.serve_forever(poll_interval=0.02)
    watchdog.draining.join()


if __name__ == "__main__":
    main()
