"""Calls past their deadline end: the client has its 504, the log where it hung, others go on."""

from __future__ import annotations

import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.served_source import EVENT, Given, each_kind
from support.server_process import ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from support.served_source import Served

TIMEOUT = 0.5
SOURCE = """
import asyncio, sys, time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

def hang_in_python():
    while True:
        sum(range(100))

@functions_framework.http
def plain(request):
    try:
        if request.path == "/hang":
            hang_in_python()
        if request.path == "/c":
            time.sleep(1.5)
        if request.path == "/close":
            time.sleep(0.499)
        if request.path == "/swallow":
            try:
                hang_in_python()
            except Exception:
                return "swallowed"
        if request.path == "/stream":
            def parts():
                yield "first"
                hang_in_python()
            return parts()
    finally:
        say("finally", request.path)
    return str(functions_framework.remaining())

async def hang_in_await():
    await asyncio.sleep(60)

@functions_framework.http
async def waiting(request):
    path = request.url.path
    try:
        if path in ("/hang", "/c"):
            await hang_in_await()
        if path == "/close":
            await asyncio.sleep(0.499)
        if path == "/swallow":
            try:
                await hang_in_await()
            except asyncio.CancelledError:
                return "swallowed"
        if path == "/stream":
            async def parts():
                yield "first"
                await hang_in_await()
            return parts()
    finally:
        say("finally", path)
    return str(functions_framework.remaining())
"""


BESIDE = f"""{SOURCE}
@functions_framework.cloud_event
def event(event):
    say("remaining:", functions_framework.remaining())

@functions_framework.typed
def value(value: int) -> float:
    return functions_framework.remaining()
"""
BROKEN = """
import ast
def fail_once(*_, **__):
    ast.parse = parse
    raise RuntimeError("This parser is broken.")
parse, ast.parse = ast.parse, fail_once  # it finds the lines at which nothing may be raised

def plain(request):
    try:
        while True:
            sum(range(100))
    finally:
        print()

async def waiting(request):
    return ""
"""
VARIABLE = {"CLOUD_RUN_TIMEOUT_SECONDS": str(TIMEOUT)}
SERVERS = {
    **each_kind(SOURCE, **VARIABLE),
    "beside": Given(BESIDE, target="plain,event,value,waiting", variables=VARIABLE),
}


@pytest.mark.parametrize("path", ["/hang", "/c"])
def test_late_call_gets_a_504_in_time_and_logged_once(server: ServerProcess, path: str) -> None:
    before = server.log.count(f"GET {path} ran past its deadline of 0.5 seconds")
    finished = server.log.count(f"finally {path}")
    start = time.monotonic()
    status, body = server.get(path)
    took = time.monotonic() - start
    assert (status, body) == (504, b"The function did not answer in time.")
    assert TIMEOUT <= took < 1.5  # before the call itself ended, where it does
    server.wait_for(f"finally {path}", times=finished + 1)
    record = f"GET {path} ran past its deadline of 0.5 seconds and was ended here:"
    server.wait_for(record, times=before + 1)
    assert server.get()[0] == 200
    assert server.log.count(record) == before + 1


def test_record_shows_where_it_hung(server: ServerProcess) -> None:
    assert server.get("/hang")[0] == 504
    record = re.compile(r"ended here:\n(  .*\n)*  .*in hang_in_(python|await)\n")
    wait_until(lambda: record.search(server.log), "where it hung")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the call's own thread looks there")
@pytest.mark.parametrize("target", ["plain", "plain,waiting"])
def test_what_fails_while_a_late_call_is_looked_at_ends_no_watching(
    tmp_path: Path, target: str
) -> None:
    source = tmp_path / "main.py"
    source.write_text(BROKEN)
    with ServerProcess.start(source, target, "--timeout", str(TIMEOUT)) as server:
        server.ready()
        assert [server.get("/plain")[0] for _ in range(2)] == [504, 504]
        server.wait_for("RuntimeError: This parser is broken.")
        server.wait_for("a call could not be ended at its deadline")


def test_code_whose_names_are_in_a_mapping_of_its_own_is_ended(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text("""
import sys

class Names(dict):
    def get(self, *_):
        raise RuntimeError("Nobody but the function asks this.")

def plain(request):
    try:
        exec("while True: sum(range(100))", Names())
    finally:
        print("left", file=sys.stderr)
""")
    with ServerProcess.start(source, "plain", "--timeout", str(TIMEOUT)) as server:
        assert server.ready().get()[0] == 504
        server.wait_for("left")
        assert "Nobody but" not in server.log


def test_function_that_swallows_it_delays_no_one(server: ServerProcess) -> None:
    assert server.get("/swallow")[0] in {200, 504}
    assert server.get()[0] == 200


def test_stream_that_hangs_is_cut(server: ServerProcess) -> None:
    with pytest.raises(ConnectionError):
        server.get("/stream")
    assert server.get()[0] == 200


def test_remaining_tells_the_time_left(server: ServerProcess) -> None:
    status, body = server.get()
    assert status == 200
    assert 0 < float(body) <= TIMEOUT


def test_plain_functions_beside_async_ones_see_it_too(servers: dict[str, Served]) -> None:
    server, client = servers["beside"]
    assert 0 < float(client.get("/plain").text) <= TIMEOUT
    assert 0 < client.post("/value", json=1).json() <= TIMEOUT
    assert client.post("/event", headers=EVENT).status_code == 200
    server.wait_for("remaining: 0.")


def test_exception_of_one_call_never_reaches_the_next(server: ServerProcess) -> None:
    # Calls that end within a millisecond of their deadline, on connections that go on at once.
    def use(_: int) -> list[int]:
        with server.connect() as connection:
            statuses = []
            for path in ["/close", "/", "/", "/close", "/"]:
                connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
                statuses.append(read_answer(connection)[0])
            return statuses

    with ThreadPoolExecutor(40) as clients:
        found = list(clients.map(use, range(40)))
    assert {status for statuses in found for status in (statuses[0], statuses[3])} <= {200, 504}
    assert [[statuses[1], statuses[2], statuses[4]] for statuses in found] == [[200] * 3] * 40


def test_no_deadline_means_nothing_remains(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", "plain") as server:
        assert server.ready().get() == (200, b"None")


@pytest.mark.parametrize("value", ["soon", "-1", "nan"])
def test_bad_number_is_one_line_and_exit_1(tmp_path: Path, value: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(
        tmp_path / "main.py", "plain", CLOUD_RUN_TIMEOUT_SECONDS=value
    ) as server:
        assert server.exit_code() == 1
    assert server.log.count("\n") == 1
    assert "CLOUD_RUN_TIMEOUT_SECONDS" in server.log
