"""An async call ends when its client goes; a sync one does not, and neither do others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.test_http2_abuse import OPENING, RESET, frame, request
from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
import asyncio, sys, time
import functions_framework, functions_framework.aio

@functions_framework.http
async def waiting(request):
    path = request.url.path
    print("started", path, file=sys.stderr, flush=True)
    try:
        await asyncio.sleep(float(path.rpartition("/")[2]))
    except asyncio.CancelledError:
        print("cancelled", path, file=sys.stderr, flush=True)
        raise
    print("finished", path, file=sys.stderr, flush=True)
    return path

@functions_framework.http(path="/kept", cancel_on_disconnect=False)
async def kept(request):
    return await waiting(request)

@functions_framework.aio.http(path="/below", cancel_on_disconnect=False)
async def below(request):
    return await waiting(request)

@functions_framework.cloud_event(path="/event")
async def event(event):
    print("started event", file=sys.stderr, flush=True)
    await asyncio.sleep(float(event.data))
    print("finished event", file=sys.stderr, flush=True)
"""
PLAIN = """
import sys, time
import functions_framework

@functions_framework.cloud_event(path="/event")
def event(event):
    print("started event", file=sys.stderr, flush=True)
    time.sleep(float(event.data))
    print("finished event", file=sys.stderr, flush=True)
"""
EVENT = (
    b"POST /event HTTP/1.1\r\nhost: x\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: s\r\n"
    b"ce-type: t\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n1.2"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("left") / "main.py"
    source.write_text(SOURCE)
    with ServerProcess.start(source, "waiting,kept,below", "--access-log") as server:
        yield server.ready()


def test_call_is_cancelled_when_its_client_goes(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /waiting/61 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("started /waiting/61")
    server.wait_for("cancelled /waiting/61")
    assert "finished /waiting/61" not in server.log
    assert "Traceback" not in server.log


def test_a_cancelled_call_has_a_status_of_its_own_in_the_access_log(server: ServerProcess) -> None:
    """It had the status and the words of a call that the shutdown ends."""
    with server.connect() as over_http1, server.connect() as over_http2:
        over_http1.sendall(b"GET /waiting/65 HTTP/1.1\r\nhost: x\r\n\r\n")
        over_http2.sendall(OPENING + request(1, "/waiting/66"))
        server.wait_for("started /waiting/65")
        server.wait_for("started /waiting/66")
        over_http2.sendall(frame(RESET, 1, b"\0\0\0\x08"))
        server.wait_for("GET /waiting/66 499 0B")
    server.wait_for("GET /waiting/65 499 0B")


def test_second_long_call_of_a_connection_is_cancelled_too(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /waiting/0.6 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, b"/waiting/0.6")
        connection.sendall(b"GET /waiting/62 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("started /waiting/62")
    server.wait_for("cancelled /waiting/62")
    assert "finished /waiting/62" not in server.log


def test_call_is_cancelled_when_its_stream_is_reset(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(OPENING + request(1, "/waiting/64"))
        server.wait_for("started /waiting/64")
        connection.sendall(frame(RESET, 1, b"\0\0\0\x08"))
        server.wait_for("cancelled /waiting/64")
    assert "finished /waiting/64" not in server.log


def test_call_whose_client_stays_goes_on_when_another_leaves(server: ServerProcess) -> None:
    with server.connect() as stays:
        stays.sendall(b"GET /waiting/1.0 HTTP/1.1\r\nhost: x\r\n\r\n")
        with server.connect() as leaves:
            leaves.sendall(b"GET /waiting/63 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("started /waiting/63")
        server.wait_for("cancelled /waiting/63")
        assert read_answer(stays) == (200, b"/waiting/1.0")


@pytest.mark.parametrize("path", ["/kept", "/below"])
def test_call_that_outlives_its_client_goes_on(server: ServerProcess, path: str) -> None:
    with server.connect() as connection:
        connection.sendall(f"GET {path}/0.7 HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        server.wait_for(f"started {path}/0.7")
    server.wait_for(f"finished {path}/0.7", seconds=5)
    assert f"cancelled {path}/0.7" not in server.log


@pytest.mark.parametrize("kind", KINDS)
def test_stream_is_closed_when_its_client_goes(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", kind) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /stream/300 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("streaming")
        server.wait_for("stream closed", seconds=5)
        assert "Traceback" not in server.log


def test_plain_call_goes_on_without_its_client(tmp_path: Path) -> None:
    source = FUNCTIONS.replace("time.sleep(float(path[7:]))", 'time.sleep(1); say("slept")')
    (tmp_path / "main.py").write_text(source)
    with ServerProcess.start(tmp_path / "main.py", "plain") as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/1 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            assert "slept" not in server.log
        server.wait_for("slept", seconds=5)
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("source", "target", "asked", "call"),
    [
        (PLAIN, "event", EVENT, "event"),
        (SOURCE, "event", EVENT, "event"),
        (SOURCE, "kept", b"GET /kept/1.2 HTTP/1.1\r\nhost: x\r\n\r\n", "/kept/1.2"),
    ],
    ids=["sync event", "async event", "async http"],
)
def test_call_goes_on_at_shutdown_too(
    tmp_path: Path, source: str, target: str, asked: bytes, call: str
) -> None:
    (tmp_path / "main.py").write_text(source)
    with ServerProcess.start(tmp_path / "main.py", target) as server:
        with server.ready().connect() as connection:
            connection.sendall(asked)
            server.wait_for(f"started {call}")
        server.signal()
        assert server.exit_code() == 0
        assert f"finished {call}" in server.log
        assert "was ended" not in server.log


@pytest.mark.parametrize("source", [PLAIN, SOURCE], ids=["def", "async def"])
def test_call_goes_on_for_the_grace_period_only(tmp_path: Path, source: str) -> None:
    (tmp_path / "main.py").write_text(source)
    options = ["--grace-period", "0.3"]
    with ServerProcess.start(tmp_path / "main.py", "event", *options) as server:
        with server.ready().connect() as connection:
            connection.sendall(EVENT.replace(b"length: 3", b"length: 2").replace(b"1.2", b"60"))
            server.wait_for("started event")
        server.signal()
        assert server.exit_code() == 0
        assert "/event was ended at shutdown" in server.log
