"""A function that streams an upload takes one larger than its memory; a whole one is held once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.server_process import KINDS, ServerProcess, read_answer

pytestmark = pytest.mark.once

SOURCE = """
import functions_framework

def memory():
    return open("/proc/self/status").read()

@functions_framework.http
def plain(request):
    if request.path == "/memory":
        return memory()
    return str(sum(len(part) for part in iter(lambda: request.stream.read(65536), b"")))

@functions_framework.http
async def waiting(request):
    if request.url.path == "/memory":
        return memory()
    return str(sum([len(part) async for part in request.stream()]))
"""
PIECE = b"x" * 2**20
PIECES = 96


def peak(server: ServerProcess) -> int:
    found = re.search(rb"VmHWM:\s+(\d+) kB", server.get("/memory")[1])
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize("options", [[], ["--access-log"]], ids=["plain", "with access log"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("kind", KINDS)
def test_streamed_upload_takes_little_memory(
    tmp_path: Path, kind: str, framing: str, options: list[str]
) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    size = PIECES * len(PIECE)
    is_chunked = framing == "chunked"
    header = "transfer-encoding: chunked" if is_chunked else f"content-length: {size}"
    with ServerProcess.start(tmp_path / "main.py", kind, *options) as server:
        before = peak(server.ready())
        with server.connect() as connection:
            connection.sendall(f"POST / HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n".encode())
            for _ in range(PIECES):
                connection.sendall(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if is_chunked else PIECE)
            if is_chunked:
                connection.sendall(b"0\r\n\r\n")
            assert read_answer(connection) == (200, str(size).encode())
        assert peak(server) - before < 24 * 2**20


EVENTS = """
import functions_framework

@functions_framework.cloud_event
def plain(event):
    assert len(event.data) == {size}

@functions_framework.cloud_event
async def waiting(event):
    assert len(event.data) == {size}
"""
REQUESTS = """
import functions_framework

@functions_framework.http
def plain(request):
    assert len(request.get_data(cache=False)) == {size}
    return "OK"

@functions_framework.http
async def waiting(request):
    assert len(await request.body()) == {size}
    return "OK"
"""
HEAD = """POST / HTTP/1.1
host: x
ce-specversion: 1.0
ce-id: 1
ce-source: /s
ce-type: t
content-type: application/octet-stream
content-length: {size}

"""


@pytest.mark.parametrize("source", [EVENTS, REQUESTS], ids=["event", "http"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_upload_is_held_once(tmp_path: Path, kind: str, source: str) -> None:
    size = PIECES * len(PIECE)
    (tmp_path / "main.py").write_text(source.format(size=size))
    with ServerProcess.start(tmp_path / "main.py", kind) as server:
        status = Path(f"/proc/{server.ready().children()[0]}/status")

        def held() -> int:
            found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            assert found
            return int(found[1]) * 1024

        before = held()
        with server.connect(30) as connection:
            connection.sendall(HEAD.format(size=size).replace("\n", "\r\n").encode())
            for _ in range(PIECES):
                connection.sendall(PIECE)
            assert read_answer(connection)[0] == 200
        assert size <= held() - before < 1.5 * size
