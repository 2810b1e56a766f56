"""What Prometheus reads from a real server, with one worker and with two, one of them killed."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from socket import create_connection
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.followed_calls import PUBSUB
from support.log_server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

CALLS = 32
METRICS = re.compile(r"^Metrics on http://\S+:(\d+)/metrics$", re.MULTILINE)
SOURCE = """
import asyncio, os, time
import functions_framework
from prometheus_client import Counter

ORDERS = Counter("orders", "The user's own.")

@functions_framework.http
def sync_function(request):
    ORDERS.inc()
    if request.path == "/crash":
        raise ValueError("on purpose")
    if request.path == "/pid":
        return str(os.getpid())
    if request.path == "/hang":
        print(os.getpid(), flush=True)
        time.sleep(60)
    def parts():
        yield "ok"
    return parts() if request.path == "/stream" else ("ok", int(request.path[1:] or 200))

@functions_framework.http
async def async_function(request):
    ORDERS.inc()
    path = request.url.path
    if path == "/crash":
        raise ValueError("on purpose")
    if path == "/pid":
        return str(os.getpid())
    if path == "/hang":
        print(os.getpid(), flush=True)
        await asyncio.sleep(60)
    async def parts():
        yield "ok"
    return parts() if path == "/stream" else ("ok", int(path[1:] or 200))

@functions_framework.cloud_event(max_attempts=2)
def on_event(event):
    if event.data:
        raise {"retry": functions_framework.Retry, "drop": functions_framework.Drop}[event.data]

@functions_framework.cloud_event(max_attempts=2)
async def on_async_event(event):
    on_event(event)
"""
TARGETS = pytest.mark.parametrize("target", ["sync_function", "async_function"])


class Scrape:
    """The samples of one scrape, by name and labels."""

    def __init__(self, text: str) -> None:
        self.samples: dict[tuple[Any, ...], float] = {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float | None:
        return self.samples.get((name, *sorted(labels.items())))

    def outcomes(self) -> dict[str, float]:
        """Calls by outcome, over all functions."""
        found: dict[str, float] = {}
        for (name, *labels), value in self.samples.items():
            if name == "functions_invocations_total":
                outcome = dict(labels)["outcome"]
                found[outcome] = found.get(outcome, 0) + value
        return found


def scrape(served: Served) -> Scrape:
    port = int(served.wait_for(METRICS)[1])
    status, text = served.get("/metrics", port=port)
    assert status == 200
    return Scrape(text)


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


@TARGETS
@pytest.mark.parametrize("workers", ["1", "2"])
def test_calls_are_counted(tmp_path: Path, target: str, workers: str) -> None:
    arguments = ("--target", target, "--workers", workers, "--metrics-port", "0")
    paths = ["/", "/stream", "/404", "/503", "/crash", "/favicon.ico", "/", "/"]
    with serving(tmp_path, SOURCE, *arguments) as served:
        wait_until(lambda: scrape(served)("functions_worker_starts_total") == int(workers))
        with ThreadPoolExecutor(CALLS) as pool:
            list(pool.map(served.get, paths * (CALLS // 8)))
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        found = scrape(served)
    assert found.outcomes() == {"ok": CALLS / 8 * 5, "error": CALLS / 8 * 2}
    labels = {"function": target, "signature": "http"}
    assert found("functions_invocation_duration_seconds_count", **labels) == CALLS / 8 * 7
    assert 0 < (found("functions_invocation_duration_seconds_sum", **labels) or 0) < 60
    assert found("functions_worker_restarts_total") == 0
    assert 0 < (found("functions_cold_start_seconds") or 0) < 60
    assert (found("process_resident_memory_bytes") or 0) > int(workers) * 10_000_000
    assert found("orders_total") == CALLS / 8 * 7


@pytest.mark.parametrize(("kind", "outcome"), [("call", "left"), ("stream", "ok")])
def test_what_is_cancelled_with_its_client_has_not_failed(
    tmp_path: Path, kind: str, outcome: str
) -> None:
    source = f"""
import asyncio
async def hang(request):
    print("begun", flush=True)
    async def parts():
        yield "part"
        await asyncio.sleep(60)
    if {kind == "stream"}:
        return parts()
    await asyncio.sleep(60)
"""
    with serving(tmp_path, source, "--target", "hang", "--metrics-port", "0") as served:
        with create_connection(("127.0.0.1", served.port)) as client:
            client.sendall(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n")
            wait_until(lambda: served.output.out != "")
            if kind == "stream":
                assert client.recv(1) == b"H"
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        assert scrape(served).outcomes() == {outcome: 1}


@TARGETS
def test_a_killed_worker_loses_no_count(tmp_path: Path, target: str) -> None:
    arguments = ("--target", target, "--workers", "2", "--metrics-port", "0")
    with serving(tmp_path, SOURCE, *arguments) as served:
        wait_until(lambda: scrape(served)("functions_worker_starts_total") == 2)
        for _ in range(10):
            served.get()
        with ThreadPoolExecutor(1) as pool:
            hanging = pool.submit(served.get, "/hang")
            wait_until(lambda: served.output.out.strip().isdigit())
            assert scrape(served)("functions_in_flight") == 1
            os.kill(int(served.output.out), signal.SIGKILL)
            assert hanging.exception(20) is not None
        wait_until(lambda: scrape(served)("functions_worker_restarts_total") == 1)
        served.get()
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        found = scrape(served)
    assert found.outcomes() == {"ok": 11}
    assert found("functions_worker_starts_total") == 3


def test_refused_and_late_calls(tmp_path: Path) -> None:
    arguments = ("--target", "on_event,sync_function", "--metrics-port", "0", "--timeout", "0.2")
    source = SOURCE.replace("time.sleep(60)", "time.sleep(0.4)")
    with serving(tmp_path, source, *arguments) as served:
        assert served.get("/on_event", PUBSUB, "POST", b"{}")[0] == 200
        assert served.get("/on_event", {"ce-id": "1"}, "POST", b"{}")[0] == 400
        assert served.get("/on_event", {}, "PUT")[0] == 405
        assert served.get("/nowhere")[0] == 404
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        found = scrape(served)
    labels = {"function": "on_event", "signature": "cloudevent"}
    name = "functions_invocations_total"
    assert found(name, **labels, outcome="ok") == 1
    assert found(name, **labels, outcome="refused") == 2
    assert sum(found.outcomes().values()) == 3


@pytest.mark.parametrize("target", ["on_event", "on_async_event"])
def test_each_event_of_a_batch_is_counted(tmp_path: Path, target: str) -> None:
    made = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
    does = [None, "retry", None, "drop", "crash", None]
    batch = [*[{**made, "data": data} for data in does], {"id": "malformed"}]
    header = {"Content-Type": "application/cloudevents-batch+json"}
    with serving(tmp_path, SOURCE, "--target", target, "--metrics-port", "0") as served:
        assert served.get("/", header, "POST", json.dumps(batch).encode())[0] == 500
        assert served.get("/", header, "POST", b"[]")[0] == 200
        last = {**header, "X-CloudTasks-TaskRetryCount": "1"}
        assert served.get("/", last, "POST", json.dumps([batch[4]]).encode())[0] == 200
        assert served.get("/", header, "POST", b"{}")[0] == 400
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        found = scrape(served)
    outcomes = {"ok": 3, "retry": 1, "dropped": 2, "error": 1, "refused": 2}
    assert found.outcomes() == outcomes
    labels = {"function": target, "signature": "cloudevent"}
    assert found("functions_invocation_duration_seconds_count", **labels) == 7


def test_late_calls(tmp_path: Path) -> None:
    source = "import time\ndef slow(request):\n    time.sleep(0.4)\n    return 'late'\n"
    arguments = ("--target", "slow", "--metrics-port", "0", "--timeout", "0.1")
    with serving(tmp_path, source, *arguments) as served:
        assert served.get()[0] == 504
        wait_until(lambda: scrape(served)("functions_in_flight") == 0)
        assert scrape(served).outcomes() == {"timeout": 1}


def test_other_paths_and_other_formats(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "sync_function", "--metrics-port", "0") as served:
        port = int(served.wait_for(METRICS)[1])
        assert served.get("/", port=port)[0] == 404
        accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
        assert served.get("/metrics?x=1", accept, port=port)[1].endswith("# EOF\n")
        assert served.get("/metrics")[0] == 500  # the function's own port has no such page
        with create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(b"HEAD /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
        assert b" 200 " in head.partition(b"\r\n")[0]
        assert b"\r\nContent-Length: " in head
        assert body == b""
    assert "GET /metrics" not in served.output.err


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """Neither the process that answers nor the files it reads."""
    arguments = ("--target", "sync_function", "--metrics-port", "0")
    files = tmp_path / "files"
    files.mkdir()
    with serving(tmp_path, SOURCE, *arguments, TMPDIR=str(files)) as served:
        port = int(served.wait_for(METRICS)[1])
        served.get("/metrics", port=port)
        assert list(files.glob("functions-metrics-*/*.db"))
    assert list(files.iterdir()) == []
    with pytest.raises(ConnectionRefusedError):
        served.get("/metrics", port=port)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads process ids from /proc")
def test_a_killed_parent_leaves_nothing_either(tmp_path: Path) -> None:
    arguments = ("--target", "sync_function", "--metrics-port", "0")
    files = tmp_path / "files"
    files.mkdir()
    with serving(tmp_path, SOURCE, *arguments, TMPDIR=str(files)) as served:
        served.wait_for(METRICS)
        served.process.kill()
        served.process.wait(20)
        wait_until(lambda: not list(files.iterdir()))
    assert list(files.iterdir()) == []


def test_directory_of_the_users_own_is_used_and_left(tmp_path: Path) -> None:
    files = tmp_path / "mine"
    arguments = ("--target", "sync_function", "--metrics-port", "0")
    with serving(tmp_path, SOURCE, *arguments, PROMETHEUS_MULTIPROC_DIR=str(files)) as served:
        served.get()
    assert list(files.glob("counter_*.db"))


def test_taken_port_is_one_line(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "sync_function") as taken:
        arguments = ("--target", "sync_function", "--host", "0.0.0.0", "--metrics-port")
        with (
            pytest.raises(AssertionError, match="the port is in use") as caught,
            serving(tmp_path, SOURCE, *arguments, str(taken.port)),
        ):
            pass
    assert "Traceback" not in str(caught.value)
