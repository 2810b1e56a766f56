"""Sync functions beside async ones that are told to end: late, or left, and never a crash."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from support.served_source import served
from support.server_process import read_answer

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from support.served_source import Served

SOURCE = """
import asyncio
import functions_framework

@functions_framework.http
def works(request):
    while True:
        sum(range(100))

@functions_framework.http
def reads(request):
    return str(len(request.get_data()))

@functions_framework.typed
def value(value: dict) -> dict:
    return value

@functions_framework.cloud_event
def event(event):
    return None

@functions_framework.http
async def beside(request):
    return "fine"
"""
# Around every function, in the thread's stead: so it is for that call only.
PAUSING = """
@functions_framework.middleware
async def pausing(invocation, call_next):
    if invocation.request.method == "PUT":
        await asyncio.sleep(60)
    return await call_next(invocation)
"""
TARGET = "works,reads,value,event,beside"
EVENT = "ce-id: 1\r\nce-type: t\r\nce-source: s\r\nce-specversion: 1.0\r\n"
HALF = "content-type: application/json\r\ncontent-length: 9\r\n"
CALLS = [
    ("GET", "/works", "", b""),
    ("POST", "/works", "content-length: 4\r\n", b"all."),
    ("POST", "/reads", HALF, b"{"),
    ("POST", "/value", HALF, b"{"),
    ("POST", "/event", f"{EVENT}{HALF}", b"{"),
    ("PUT", "/reads", "", b""),
]
IDS = ["works", "works-with-a-body", "reads", "typed", "event", "middleware"]


@contextmanager
def asked(
    place: Path, option: str, call: tuple[str, str, str, bytes]
) -> Iterator[tuple[Served, socket.socket]]:
    """A server with 0.3 seconds for what the option says, and a client that has asked it."""
    method, path, head, body = call
    source = SOURCE + PAUSING if method == "PUT" else SOURCE
    # A call whose body is still awaited holds up the end for the whole grace period.
    flags = {"--grace-period": "1", option: "0.3"}
    given = [text for flag in flags.items() for text in flag]
    with (
        served(place, source, *given, target=TARGET) as found,
        found.server.connect() as connection,
    ):
        connection.sendall(f"{method} {path} HTTP/1.1\r\nhost: x\r\n{head}\r\n".encode() + body)
        yield found, connection


@pytest.mark.parametrize(("method", "path", "head", "body"), CALLS, ids=IDS)
def test_a_late_call_is_logged_as_late_and_not_as_a_crash(
    tmp_path: Path, method: str, path: str, head: str, body: bytes
) -> None:
    with asked(tmp_path, "--timeout", (method, path, head, body)) as (found, connection):
        server = found.server
        assert read_answer(connection) == (504, b"The function did not answer in time.")
        assert found.client.get("/beside").text == "fine"
        server.signal()
        assert server.exit_code() == 0
        assert f"{method} {path} ran past its deadline" in server.log
        if path in {"/works", "/reads"}:
            place = "pausing" if method == "PUT" else path[1:]
            assert f" in {place}\n" in server.log.partition("was ended here:")[2]
        assert "Traceback" not in server.log
        assert "Exception on" not in server.log


@pytest.mark.parametrize(("method", "path", "head", "body"), CALLS[2:], ids=IDS[2:])
def test_a_call_that_waits_is_told_of_the_shutdown(
    tmp_path: Path, method: str, path: str, head: str, body: bytes
) -> None:
    with asked(tmp_path, "--grace-period", (method, path, head, body)) as (
        found,
        connection,
    ):
        server = found.server
        assert found.client.get("/beside").text == "fine"  # it came after
        server.signal()
        assert read_answer(connection) == (503, b"The server is shutting down.")
        assert server.exit_code() == 0
        assert f"{path} was ended at shutdown" in server.log
        assert "Traceback" not in server.log


SEEING = """
import asyncio, sys
import functions_framework

def seen(where, call):
    try:
        return call()
    except BaseException as error:
        print(where, "saw", type(error).__name__, file=sys.stderr, flush=True)
        raise

@functions_framework.middleware
def around(invocation, call_next):
    return seen("middleware", lambda: call_next(invocation))

@functions_framework.http
def whole(request):
    return str(len(seen("function", request.get_data)))

@functions_framework.http
def pieces(request):
    return str(len(seen("function", lambda: request.stream.read(2))))

@functions_framework.http
async def waits(request):
    try:
        await asyncio.sleep(60)
    except BaseException as error:
        print("function saw", type(error).__name__, file=sys.stderr, flush=True)
        raise
"""


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/waits"])
def test_sync_code_that_waits_sees_its_deadline_and_async_code_is_cancelled(
    tmp_path: Path, path: str
) -> None:
    with (
        served(tmp_path, SEEING, "--timeout", "0.3", target="whole,pieces,waits") as found,
        found.server.connect() as connection,
    ):
        connection.sendall(f"POST {path} HTTP/1.1\r\nhost: x\r\n{HALF}\r\n{{".encode())
        assert read_answer(connection) == (504, b"The function did not answer in time.")
        found.server.wait_for("middleware saw")
    saw = "CancelledError" if path == "/waits" else "RequestTimeoutException"
    assert f"function saw {saw}\n" in found.server.log
    assert "middleware saw RequestTimeoutException\n" in found.server.log
    assert "Traceback" not in found.server.log
