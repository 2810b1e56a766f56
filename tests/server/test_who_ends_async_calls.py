"""An async call is ended by its deadline, its client or the server; all else is its own doing."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.server_process import ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
import asyncio, sys, time
import functions_framework, functions_framework.aio
from concurrent.futures import Future

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.http
async def work(request):
    path = request.url.path.removeprefix("/work")
    try:
        if path.startswith("/busy"):
            time.sleep(1.5)
        if path == "/busy-waits":
            say("remaining", functions_framework.remaining())
            await asyncio.sleep(60)
        if path == "/awaits-cancelled":
            task = asyncio.ensure_future(asyncio.sleep(60))
            task.cancel()
            await task
        if path == "/raises":
            raise asyncio.CancelledError
        if path == "/cancels-itself":
            asyncio.current_task().cancel()
            await asyncio.sleep(1)
        if path == "/stubborn":
            while True:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    say("goes on")
    finally:
        say("left", path)
    return "fine"

@functions_framework.http(path="/thread")
@functions_framework.aio.http
def in_thread(request):
    future = Future()
    future.cancel()
    future.result()

@functions_framework.cloud_event(path="/event")
async def event(event):
    say("event begun")
    await asyncio.sleep(1)
    say("event done")

@functions_framework.http(path="/listens")
async def listens(request):
    await request.body()
    say("listening")
    if request.method == "POST":
        while not await request.is_disconnected():
            await asyncio.sleep(0.05)
    else:
        await request.receive()
    say("it left")
    await asyncio.sleep(0.5)
    say("tidied up")
    return "fine"
"""

WORK = SOURCE.split("@functions_framework.http(path", maxsplit=1)[0]

APPLICATION = """
import asyncio, sys

def say(*words):
    print(*words, file=sys.stderr, flush=True)

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await receive()
    say("begun")
    if scope["path"] == "/listens":
        message = await receive()
        say("got", message["type"])
    await asyncio.sleep(0.8)
    say("done")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("ends") / "main.py"
    source.write_text(
        SOURCE.replace(
            "import functions_framework\n", "import functions_framework, functions_framework.aio\n"
        )
    )
    targets = "work,in_thread,event,listens"
    with ServerProcess.start(source, targets, "--timeout", "30") as found:
        yield found.ready()


@pytest.mark.parametrize("path", ["/busy-waits", "/busy"])
def test_there_is_one_deadline_from_where_the_call_starts(tmp_path: Path, path: str) -> None:
    (tmp_path / "main.py").write_text(WORK)
    with ServerProcess.start(tmp_path / "main.py", "work", "--timeout", "1") as found:
        server = found.ready()
        start = time.monotonic()
        assert server.get(path) == (504, b"The function did not answer in time.")
        assert 1.4 < time.monotonic() - start < 2.4  # not a second after what kept it busy
        server.wait_for(f"left {path}")
        server.wait_for("ran past its deadline of 1 seconds")
        assert path == "/busy" or "remaining 0.0" in server.log
        assert server.log.count("ran past its deadline") == 1


@pytest.mark.parametrize("path", ["/awaits-cancelled", "/raises", "/cancels-itself"])
def test_a_cancellation_of_its_own_is_a_crash(server: ServerProcess, path: str) -> None:
    status, body = server.get(f"/work{path}")
    assert status == 500
    assert b"Internal Server Error" in body
    server.wait_for(f"Exception on /work{path} [GET]")
    server.wait_for("CancelledError")


def test_so_is_one_of_a_plain_function_in_a_thread(server: ServerProcess) -> None:
    assert server.get("/thread")[0] == 500
    server.wait_for("Exception on /thread [GET]")


@pytest.mark.skipif(
    sys.version_info < (3, 11), reason="3.10 cannot tell whose cancellation it is: a plain crash"
)
def test_handlers_see_a_cancellation_of_its_own(tmp_path: Path) -> None:
    handler = """
@functions_framework.errorhandler(500)
def shown(error):
    return f"handled {type(error.original_exception).__name__}", 500
"""
    (tmp_path / "main.py").write_text(WORK + handler)
    with ServerProcess.start(tmp_path / "main.py", "work") as found:
        server = found.ready()
        assert server.get("/awaits-cancelled") == (500, b"handled CancelledError")


def test_event_is_not_cancelled_because_its_sender_left(server: ServerProcess) -> None:
    body = b'{"specversion": "1.0", "id": "1", "type": "t", "source": "/s"}'
    head = b"POST /event HTTP/1.1\r\nhost: x\r\ncontent-type: application/cloudevents+json\r\n"
    with server.connect() as connection:
        connection.sendall(head + f"content-length: {len(body)}\r\n\r\n".encode() + body)
        server.wait_for("event begun")
    server.wait_for("event done", seconds=5)
    assert "Exception on /event" not in server.log


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_listens_for_its_client_ends_itself(server: ServerProcess, method: str) -> None:
    before = server.log.count("listening"), server.log.count("tidied up")
    with server.connect() as connection:
        connection.sendall(
            f"{method} /listens HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n".encode()
        )
        server.wait_for("listening", times=before[0] + 1)
        time.sleep(0.4)  # until it is looked after
    server.wait_for("tidied up", times=before[1] + 1, seconds=5)
    assert server.log.count("it left") == before[1] + 1
    assert "Exception on /listens" not in server.log


@pytest.mark.parametrize("path", ["/listens", "/"])
def test_application_is_told_and_not_cancelled(tmp_path: Path, path: str) -> None:
    (tmp_path / "main.py").write_text(APPLICATION)
    with ServerProcess.start(tmp_path / "main.py", "app") as found:
        server = found.ready()
        with server.connect() as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            server.wait_for("begun")
            time.sleep(0.4)  # until it is looked after
        server.wait_for("done", seconds=5)
        assert path == "/" or "got http.disconnect" in server.log


def test_worker_is_replaced_where_a_call_goes_on_after_its_deadline(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(WORK)
    with ServerProcess.start(tmp_path / "main.py", "work", "--timeout", "0.3") as found:
        server = found.ready()
        assert server.get("/stubborn")[0] == 504
        server.wait_for("is replaced: a call could not be ended at its deadline.")
        assert server.get() == (200, b"fine")


QUEUED = """
import asyncio, sys, time
import functions_framework

@functions_framework.http
def plain(request):
    print("started", request.path, file=sys.stderr, flush=True)
    time.sleep(1.2)
    return "fine"

@functions_framework.http
async def waiting(request):
    print("started", request.url.path, file=sys.stderr, flush=True)
    await asyncio.sleep(1.2)
    return "fine"
"""


@pytest.mark.parametrize("kind", ["plain", "waiting"])
def test_what_has_not_started_at_the_end_gets_a_503(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(QUEUED)
    with ServerProcess.start(
        tmp_path / "main.py", kind, "--concurrency", "1", "--grace-period", "1.5"
    ) as found:
        server = found.ready()
        connections = [server.connect() for _ in range(6)]
        for number, connection in enumerate(connections):
            connection.sendall(f"GET /{number} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        server.wait_for("started")
        time.sleep(0.2)
        server.signal()
        with ThreadPoolExecutor(6) as clients:
            statuses = sorted(status for status, _ in clients.map(read_answer, connections))
        assert server.exit_code() == 0
        for connection in connections:
            connection.close()
    # The first is served, the second ended in the middle: those behind it never start.
    assert statuses[0] == 200
    assert set(statuses[1:]) <= {503}
    assert server.log.count("started") == 2
