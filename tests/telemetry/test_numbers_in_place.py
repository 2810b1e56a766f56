"""Numbers changed in place are those that prometheus_client would have written."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# In a process of its own: prometheus_client looks for the directory once, when it is imported.
COUNT = """
import os, sys, itertools
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from functions_framework.model.execution import Execution
from functions_framework.model.function import Function, Signature
from functions_framework.telemetry import counting, numbers

way, case = sys.argv[1:]
if way == "by prometheus_client":
    numbers.Places._of_value = lambda self, value: (numbers._Asking(value), 0)
counts = counting.Counting(0.5)
is_in_place = isinstance(counts._in_flight[0], memoryview)
assert is_in_place is (way == "in place"), "prometheus_client keeps its numbers elsewhere now"


class ByClient:
    def __init__(self, function, kind):
        self.labels, self.kind = (function.name, str(function.signature)), kind

    def add(self, seconds):
        counts._invocations.labels(*self.labels, self.kind).inc()
        if self.kind != "refused":
            counts._durations.labels(*self.labels).observe(seconds)


if way == "by prometheus_client":
    counts._series_of = ByClient
functions = [Function(print, name, Signature.HTTP) for name in ("a", "b", "a")]
times = itertools.cycle([0.0001, 0.005, 0.0051, 0.3, 59.0, 300.0, 4000.0])
clock = [0.0]
counting.time.monotonic = lambda: clock[0]


def one(number, status, arguments=(), verdict=None, error=None, fork=False):
    running = Execution(function=functions[number % 3] if number >= 0 else None)
    running.arguments = arguments
    if verdict:
        running.verdict = verdict
    call = counts.begin({}, None)
    clock[0] += next(times)
    if fork and not os.fork():
        counts.end(call, status, running, error)
        os._exit(0)
    if fork:
        os.wait()
    counts.end(call, status, running, error)


for number in range(60):
    one(number, 200)
    one(number, 404)
    one(number, 400, None)
    one(number, 405, None)
    one(number, 200, None)
    one(number, 500, error=ValueError())
    one(number, 200, verdict="dropped")
    one(-1, 404)
    if case == "more numbers than a page holds":
        functions.append(Function(print, f"function {number} " + "x" * 900, Signature.EVENT))
        running = Execution(function=functions[-1])
        running.arguments = ()
        counts.end(counts.begin({}, None), 200, running, None)
if case == "forked":
    one(0, 200, fork=True)
    one(1, 200)
counts.begin_socket({}, None)
own = Counter("orders", "The user's own.")
own.inc(3)
registry = CollectorRegistry()
MultiProcessCollector(registry)
# A child that counted has files of its own: together they say the same.
print(generate_latest(registry).decode())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="what forks is part of it")
@pytest.mark.parametrize("case", ["plain", "more numbers than a page holds", "forked"])
def test_both_ways_expose_the_same_bytes(tmp_path: Path, case: str) -> None:
    texts = []
    for way in ("in place", "by prometheus_client"):
        directory = tmp_path / way
        directory.mkdir()
        environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
        argv = [sys.executable, "-c", COUNT, way, case]
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        # In the order of the files in the directory, which is the system's.
        texts.append(sorted(done.stdout.splitlines()))
    assert texts[0] == texts[1]
    text = "\n".join(texts[0])
    assert 'functions_invocations_total{function="a",outcome="ok",signature="http"}' in text
    assert "functions_open_websockets 1.0" in text
