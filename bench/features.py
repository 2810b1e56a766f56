"""What a feature costs that is on: the same function with it and without, in turns."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace

from .cases import HELLO, Case, chosen
from .contenders import OURS, Launch, launch
from .exchange import HOST
from .points import Point
from .processes import on_core
from .session import Session

WITHOUT = "without"
ROUNDS = 3
AT_LEAST = {
    "deadline": 0.95,
    "access log": 0.8,
    "JSON logs, one record": 0.7,
    "Prometheus": 0.9,
    "OpenTelemetry, sampled out": 0.85,
    "OpenTelemetry, sampled": 0.4,
    "`def` middleware": 0.92,
    "`async` middleware": 0.9,
    "CORS": 0.95,
}
"""The share of the rate without it that is asked for."""
_SWITCHES: dict[str, list[str]] = {
    "deadline": ["--timeout", "30"],
    "access log": ["--access-log"],
    "Prometheus": ["--metrics-port", "0"],
    "CORS": ["--cors", "https://example.com"],
}
_SAMPLERS = {"OpenTelemetry, sampled out": "always_off", "OpenTelemetry, sampled": "always_on"}


def run(session: Session) -> list[Point]:
    """A greeting, sync and async, with each feature."""
    found: list[Point] = []
    rounds = min(ROUNDS, session.plan.rounds)
    with _collector(session.cores.load) as endpoint:
        for row, name in (("sync", "http"), ("async", "async-http")):
            (case,) = chosen([name])
            pairs = [(WITHOUT, launch(OURS, case, session.installs))]
            pairs += [
                (feature, _with(session, feature, case, row, endpoint))
                for feature in AT_LEAST
                if not feature.endswith("middleware") or feature.startswith(_OWN[row])
            ]
            found += session.alternate(row, pairs, rounds=rounds)
    return found


_OWN = {"sync": "`def`", "async": "`async`"}
_PREFIX = {"sync": "", "async": "async_"}


def _with(session: Session, feature: str, case: Case, row: str, endpoint: str) -> Launch:
    """The case with a feature switched on."""
    name = "".join(letter if letter.isalnum() else "-" for letter in f"{feature}-{row}")
    if feature in _SWITCHES:
        one = launch(OURS, case, session.installs, *_SWITCHES[feature])
        if feature == "CORS":
            asked = replace(HELLO, headers={"Origin": "https://example.com"})
            one = replace(one, exchange=asked)
    elif feature in _SAMPLERS:
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        environ["OTEL_TRACES_SAMPLER"] = _SAMPLERS[feature]
        one = launch(OURS, case, session.installs, "--otel", **environ)
    else:
        source = "logged.py" if "logs" in feature else "middleware.py"
        other = replace(case, source=_PREFIX[row] + source)
        one = launch(OURS, other, session.installs, "--log-format", "json")
    return replace(one, name=name)


class _Collector(http.server.BaseHTTPRequestHandler):
    """Takes what OpenTelemetry sends and says yes."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def _collector(core: int) -> Iterator[str]:
    """A collector in this process, which has nothing else to do while `wrk` loads."""
    server = http.server.ThreadingHTTPServer((HOST, 0), _Collector)
    with on_core(core):  # as every thread it starts in turn
        threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
