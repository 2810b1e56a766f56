"""What is written when calls end, read from a real server: unfinished text, crashes, requests."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

import pytest

from support.log_process import LABELS
from support.log_server import Served, records_of, serving
from support.server_process import KINDS as KINDS_OF_FUNCTIONS
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

CALLS = 32
KINDS = ("whole", "stream", "crash", "broken")
SOURCE = """
import asyncio, time
import functions_framework

def answer(kind, name):
    if kind == "crash":
        raise ValueError(f"{name} crashed")
    return name

@functions_framework.http
def sync_function(request):
    _, kind, name = request.path.split("/")
    print(name, "begun", end="")
    time.sleep(0.002)
    if kind in ("stream", "broken"):
        def parts():
            for number in range(3):
                time.sleep(0.001)
                yield name
            print(" streamed", end="")
            if kind == "broken":
                raise ValueError(f"{name} broke")
        return parts()
    return answer(kind, name)

@functions_framework.http
async def async_function(request):
    _, kind, name = request.url.path.split("/")
    print(name, "begun", end="")
    await asyncio.sleep(0.002)
    if kind in ("stream", "broken"):
        async def parts():
            for number in range(3):
                await asyncio.sleep(0.001)
                yield name
            print(" streamed", end="")
            if kind == "broken":
                raise ValueError(f"{name} broke")
        return parts()
    return answer(kind, name)

@functions_framework.cloud_event
def on_event(event):
    print(event["id"], end="")
"""
OF_BOTH_KINDS = """
import functions_framework

@functions_framework.http
def plain(request):
    return answer()

@functions_framework.http
async def waiting(request):
    return answer()
"""
LARGE = """
def answer():
    print("unfinished", end="")
    return "x" * 2**23
"""
ACCESS = re.compile(
    r" INFO +(\S+) functions_framework\.access: (\w+) (\S+) (\d+) (\d+)B \d+\.\dms$", re.MULTILINE
)


def call_all(served: Served) -> list[str]:
    """Call every kind from many threads at once; return the paths."""

    def one(path: str) -> None:
        expected = nullcontext() if "/broken/" not in path else suppress(OSError, HTTPException)
        with expected:
            served.get(path, {"Function-Execution-Id": path.rpartition("/")[2]})

    paths = [f"/{KINDS[number % 4]}/E{number}" for number in range(CALLS)]
    with ThreadPoolExecutor(CALLS) as pool:
        list(pool.map(one, paths))
    return paths


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_every_end_is_its_own_calls(tmp_path: Path, target: str, workers: str) -> None:
    arguments = ("--target", target, "--workers", workers, "--access-log")
    with serving(tmp_path, SOURCE, *arguments, LOG_EXECUTION_ID="1") as served:
        paths = call_all(served)
    errors = records_of(served.output.err)
    assert sorted(_text_of(path) for path in paths) == sorted(
        _checked(record) for record in records_of(served.output.out)
    )
    accesses = [record for record in errors if "httpRequest" in record]
    assert sorted(record["httpRequest"]["requestUrl"] for record in accesses) == sorted(paths)
    for record in accesses:
        _check_access(record)
    crashes = [record for record in errors if "httpRequest" not in record]
    failed = [path for path in paths if path.split("/")[1] in {"crash", "broken"}]
    assert len(crashes) == len(failed)
    for record in crashes:
        name = record[LABELS]["execution_id"]
        assert re.findall(r"ValueError: (\S+) (?:crashed|broke)$", record["message"]) == [name]


def _text_of(path: str) -> str:
    _, kind, name = path.split("/")
    return f"{name} begun{' streamed' if kind in {'stream', 'broken'} else ''}"


def _checked(record: dict[str, Any]) -> str:
    """The message of a record, after a look at whose it is."""
    message: str = record["message"]
    assert record[LABELS] == {"execution_id": message.split(maxsplit=1)[0]}
    return message


def _check_access(record: dict[str, Any]) -> None:
    request = record["httpRequest"]
    _, kind, name = request["requestUrl"].split("/")
    assert record[LABELS] == {"execution_id": name}
    assert request["status"] == (500 if kind == "crash" else 200)
    assert 0.001 < float(request["latency"].removesuffix("s")) < 30
    if kind != "crash":
        assert int(request["responseSize"]) == len(name) * (1 if kind == "whole" else 3)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_access_log_as_text(tmp_path: Path, target: str, workers: str) -> None:
    arguments = ("--target", target, "--workers", workers, "--access-log")
    with serving(tmp_path, SOURCE, *arguments) as served:
        paths = call_all(served)
    lines = ACCESS.findall(served.output.err)
    assert sorted(path for _, _, path, _, _ in lines) == sorted(paths)
    for execution_id, method, path, status, size in lines:
        _, kind, name = path.split("/")
        assert (execution_id, method) == (name, "GET")
        assert status == ("500" if kind == "crash" else "200")
        if kind != "crash":
            assert int(size) == len(name) * (1 if kind == "whole" else 3)


@pytest.mark.parametrize("target", ["sync_function", "async_function"])
def test_what_the_access_log_shows(tmp_path: Path, target: str) -> None:
    """Paths decoded and on one line, no query; HEAD without bytes; probes not at all."""
    with serving(tmp_path, SOURCE, "--target", target, "--access-log") as served:
        served.get("/whole/caf%1B%C3%A9?secret=1")
        served.get("/whole/abc", method="HEAD")
        served.get("/whole/probe", {"User-Agent": "kube-probe/1.30"})
        served.get("/whole/probe", {"User-Agent": "GoogleHC/1.0"})
        served.get("/robots.txt")
    shown = [line[1:] for line in ACCESS.findall(served.output.err)]
    assert shown[:2] == [
        ("GET", "/whole/caf\\x1bé", "200", "6"),
        ("HEAD", "/whole/abc", "200", "0"),
    ]
    assert [(path, status) for _, path, status, _ in shown[2:]] == [("/robots.txt", "404")]
    assert "secret" not in served.output.err


@pytest.mark.parametrize("kind", KINDS_OF_FUNCTIONS)
def test_a_large_body_is_of_its_call(tmp_path: Path, kind: str) -> None:
    """It is sent when its call is over; text without an end of line was lost with that."""
    with serving(
        tmp_path, OF_BOTH_KINDS + LARGE, "--target", kind, "--access-log", LOG_EXECUTION_ID="1"
    ) as served:
        assert served.get("/", {"Function-Execution-Id": "E1"}) == (200, "x" * 2**23)
        served.wait_for(re.compile("httpRequest"))
    (printed,) = records_of(served.output.out)
    (access,) = records_of(served.output.err)
    assert (printed["message"], access["httpRequest"]["responseSize"]) == ("unfinished", "8388608")
    assert printed[LABELS] == access[LABELS] == {"execution_id": "E1"}


def test_calls_with_a_body(tmp_path: Path) -> None:
    event = {"ce-id": "EV1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0"}
    with serving(
        tmp_path, SOURCE, "--target", "on_event", "--access-log", LOG_EXECUTION_ID="t"
    ) as served:
        status, _ = served.get("/", event, "POST", b"x" * 100_000)
        refused, _ = served.get("/", {}, "POST", b"{}")
    assert (status, refused) == (200, 400)
    (printed,) = records_of(served.output.out)
    # A line is written after its response, so the second's may come first.
    by_status = {item["httpRequest"]["status"]: item for item in records_of(served.output.err)}
    assert printed["message"] == "EV1"
    assert set(by_status) == {200, 400}
    assert printed[LABELS] == by_status[200][LABELS] != by_status[400][LABELS]


def test_deadline_is_in_the_access_log(tmp_path: Path) -> None:
    """The response of the deadline is what was sent; the call's own, later, is not."""
    source = """
import time
def slow(request):
    print("late", end="")
    time.sleep(0.6)
    return "late"
"""
    arguments = ("--target", "slow", "--access-log", "--timeout", "0.2")
    with serving(tmp_path, source, *arguments, LOG_EXECUTION_ID="yes") as served:
        status, _ = served.get("/", {"Function-Execution-Id": "E1"})
        assert status == 504
        served.wait_for(re.compile("httpRequest"))
    (printed,) = records_of(served.output.out)
    access = [item for item in records_of(served.output.err) if "httpRequest" in item]
    assert [item["httpRequest"]["status"] for item in access] == [504]
    assert printed[LABELS] == access[0][LABELS] == {"execution_id": "E1"}


def test_nothing_is_written_by_default(tmp_path: Path) -> None:
    with serving(tmp_path, SOURCE, "--target", "sync_function") as served:
        assert served.get("/whole/E1") == (200, "E1")
    assert "functions_framework.access" not in served.output.err
    assert served.output.out == "E1 begun"


SHORT_WAY = """
import logging
from functions_framework.logs.access import LOGGER
from functions_framework.logs.handler import sole_handler

def answer():
    return repr(sole_handler(logging.getLogger(LOGGER)))
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("kind", KINDS_OF_FUNCTIONS)
def test_a_line_of_the_access_log_needs_no_record(
    tmp_path: Path, kind: str, log_format: str
) -> None:
    """A filter of the framework's own, on a logger above, once sent each the long way."""
    (tmp_path / "main.py").write_text(OF_BOTH_KINDS + SHORT_WAY)
    options = ["--access-log", "--log-format", log_format]
    with ServerProcess.start(tmp_path / "main.py", kind, *options) as server:
        status, found = server.ready().get()
        assert (status, found[:17]) == (200, b"<FallbackHandler ")
