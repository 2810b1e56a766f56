"""What a feature costs that is on: the same function with it and without, in turns.

Beside each stands a function that does by hand what the feature does: what its libraries leave.
"""

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
BY_HAND = {
    "access log": "access_log",
    "JSON logs, one record": "json_logs",
    "Prometheus": "prometheus",
    "OpenTelemetry, sampled out": "traced",
    "OpenTelemetry, sampled": "traced",
    "CORS": "cors",
}
"""The function of `functions/by_hand.py` that does what a feature does."""
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
            pairs += [
                (by_hand(feature), _by_hand(session, feature, case, row, endpoint))
                for feature in BY_HAND
            ]
            found += session.alternate(row, pairs, rounds=rounds)
    return found


def by_hand(feature: str) -> str:
    """What the contender is called that does a feature's work itself."""
    return f"{feature}, by hand"


_OWN = {"sync": "`def`", "async": "`async`"}
_PREFIX = {"sync": "", "async": "async_"}


def _with(session: Session, feature: str, case: Case, row: str, endpoint: str) -> Launch:
    """The case with a feature switched on."""
    if feature in _SWITCHES:
        one = launch(OURS, case, session.installs, *_SWITCHES[feature])
        one = _asked(one, feature)
    elif feature in _SAMPLERS:
        environ = _traces(feature, endpoint)
        one = launch(OURS, case, session.installs, "--otel", **environ)
    else:
        source = "logged.py" if "logs" in feature else "middleware.py"
        other = replace(case, source=_PREFIX[row] + source)
        one = launch(OURS, other, session.installs, "--log-format", "json")
    return replace(one, name=_named(feature, row))


def _by_hand(session: Session, feature: str, case: Case, row: str, endpoint: str) -> Launch:
    """The case with a feature off, and its work done by the function."""
    target = _PREFIX[row] + BY_HAND[feature]
    other = replace(case, source="by_hand.py", target=target, signature="http")
    environ = _traces(feature, endpoint) if feature in _SAMPLERS else {}
    one = launch(OURS, other, session.installs, **environ)
    return replace(_asked(one, feature), name=_named(by_hand(feature), row))


def _named(what: str, row: str) -> str:
    """A name for logs."""
    return "".join(letter if letter.isalnum() else "-" for letter in f"{what}-{row}")


def _asked(one: Launch, feature: str) -> Launch:
    """The launch with the request that a feature acts on."""
    if feature != "CORS":
        return one
    return replace(one, exchange=replace(HELLO, headers={"Origin": "https://example.com"}))


def _traces(feature: str, endpoint: str) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_TRACES_SAMPLER": _SAMPLERS[feature],
    }


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
