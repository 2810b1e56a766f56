"""An async call ends when its client goes; a sync one does not, and neither do others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from server_process import ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """
import asyncio, sys, time
import functions_framework

@functions_framework.http
async def waiting(request):
    path = request.url.path
    print("started", path, file=sys.stderr, flush=True)
    try:
        await asyncio.sleep(float(path[1:]))
    except asyncio.CancelledError:
        print("cancelled", path, file=sys.stderr, flush=True)
        raise
    print("finished", path, file=sys.stderr, flush=True)
    return path
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    source = tmp_path_factory.mktemp("left") / "main.py"
    source.write_text(SOURCE)
    with ServerProcess.start(source, "waiting") as server:
        yield server.ready()


def test_call_is_cancelled_when_its_client_goes(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /61 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("started /61")
    server.wait_for("cancelled /61", seconds=3)
    assert "finished /61" not in server.log
    assert "Traceback" not in server.log


def test_second_long_call_of_a_connection_is_cancelled_too(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /0.6 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, b"/0.6")
        connection.sendall(b"GET /62 HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("started /62")
    server.wait_for("cancelled /62", seconds=3)
    assert "finished /62" not in server.log


def test_call_whose_client_stays_goes_on_when_another_leaves(server: ServerProcess) -> None:
    with server.connect() as stays:
        stays.sendall(b"GET /1.0 HTTP/1.1\r\nhost: x\r\n\r\n")
        with server.connect() as leaves:
            leaves.sendall(b"GET /63 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("started /63")
        server.wait_for("cancelled /63", seconds=3)
        assert read_answer(stays) == (200, b"/1.0")
