"""The load generator: `wrk` with a script of its own, and what it reports."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from .exchange import HOST, Exchange, raw_chunked

MARK = "bench "
# Everything is taken from wrk's own summary, in microseconds, as one line of JSON.
_DONE = r"""
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\nbench {"requests": %.0f, "microseconds": %.0f, "bytes": %.0f, "p50": %.0f, "p99": %.0f, '
    .. '"refused": %.0f, "broken": %.0f, "late": %.0f}\n',
    summary.requests, summary.duration, summary.bytes,
    latency:percentile(50.0), latency:percentile(99.0),
    e.status, e.connect + e.read + e.write, e.timeout))
end
"""

# The address of a table tells runs of wrk apart.
_NUMBERED = """
local mark, number = tostring({{}}):sub(8) .. os.time(), 0
request = function()
  number = number + 1
  wrk.headers["{name}"] = mark .. "-" .. number
  return wrk.format()
end
"""


class LoadError(Exception):
    """wrk could not be run, or the server did not stand the load."""


class Load(NamedTuple):
    """One run of wrk.

    Attributes:
        rate: requests answered per second.
        p50: median latency, seconds.
        p99: 99th percentile of latency, seconds.
        received: bytes received per second.
        failures: answers other than 2xx and 3xx, broken connections and requests without answer
            in time.
    """

    rate: float
    p50: float
    p99: float
    received: float
    failures: int


def parse(output: str) -> Load:
    """Read what the script's `done` wrote.

    Raises:
        LoadError: there is no such line.
    """
    for line in output.splitlines():
        if line.startswith(MARK):
            found = json.loads(line.removeprefix(MARK))
            seconds = found["microseconds"] / 1e6
            return Load(
                rate=found["requests"] / seconds,
                p50=found["p50"] / 1e6,
                p99=found["p99"] / 1e6,
                received=found["bytes"] / seconds,
                failures=found["refused"] + found["broken"] + found["late"],
            )
    raise LoadError(f"wrk reported nothing: {output.strip()[-400:]}")


def script(exchange: Exchange, body_file: Path) -> str:
    """The Lua script that makes wrk send an exchange's request; its body is in `body_file`."""
    lines = [f'wrk.method = "{exchange.method}"']
    lines += [f'wrk.headers["{name}"] = "{value}"' for name, value in exchange.headers.items()]
    if exchange.body:
        read = f'local f = io.open("{body_file}", "rb"); local bytes = f:read("*a"); f:close()'
        sent = (
            "request = function() return bytes end" if exchange.is_chunked else "wrk.body = bytes"
        )
        lines += [read, sent]
    if exchange.numbered:
        lines.append(_NUMBERED.format(name=exchange.numbered))
    return "\n".join([*lines, _DONE])


def run(exchange: Exchange, port: int, core: int, connections: int, seconds: float) -> Load:
    """Send a request over and over and report.

    Args:
        exchange: what is sent; its responses are not compared, only their status.
        port: where the server listens.
        core: the core wrk is kept on.
        connections: kept alive, all busy.
        seconds: how long; a part of a second is cut off a whole one.

    Raises:
        LoadError: wrk failed or said nothing.
    """
    with tempfile.TemporaryDirectory() as directory:
        body = Path(directory, "body")
        body.write_bytes(raw_chunked(exchange) if exchange.is_chunked else exchange.body)
        lua = Path(directory, "bench.lua")
        lua.write_text(script(exchange, body))
        argv = ["taskset", "-c", str(core), "wrk", "-t", "1", "-c", str(connections)]
        argv += ["-d", f"{math.ceil(seconds)}s", "--timeout", "30s", "--latency"]
        argv += ["-s", str(lua), f"http://{HOST}:{port}{exchange.path}"]
        wrk = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if seconds != math.ceil(seconds):
            time.sleep(seconds)
            wrk.send_signal(signal.SIGINT)  # it stops, and reports what it has
        said, complained = wrk.communicate()
    if wrk.returncode != 0:
        raise LoadError(f"wrk failed ({wrk.returncode}): {complained.strip()[-400:]}")
    return parse(said)
