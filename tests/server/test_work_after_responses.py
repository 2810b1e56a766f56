"""What a response is to do after it was sent: its client has it meanwhile, whatever serves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given
from support.server_process import wait_until

if TYPE_CHECKING:
    from support.served_source import Served

SOURCE = """
import os, threading
import flask
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, JSONResponse, StreamingResponse
import functions_framework
from functions_framework import idempotent

released = threading.Semaphore(0)
LARGE = os.path.join(os.path.dirname(__file__), "large.bin")
with open(LARGE, "wb") as file:
    file.truncate(64 * 2**20)

def work(name):
    assert released.acquire(timeout=10)
    os.write(2, f"worked after {name}\\n".encode())

def made(kind):
    task = BackgroundTask(work, kind)
    if kind == "json":
        return JSONResponse({"a": 1}, 201, background=task)
    if kind == "stream":
        return StreamingResponse(iter(["a", "b"]), background=task)
    if kind == "file-and-work":
        return FileResponse(__file__, background=task)
    if kind == "file":
        return FileResponse(__file__, headers={"x-a": "1"})
    if kind == "large":
        return FileResponse(LARGE)
    if kind == "gone":
        return FileResponse(__file__ + ".gone")
    if kind == "pair":
        return FileResponse(__file__), 202, {"X-Pair": "1"}
    response = {
        "whole": lambda: flask.Response("ab", 201),
        "empty": lambda: flask.Response(""),
        "parts": lambda: flask.Response(iter(["a", "b"])),
    }[kind]()
    response.call_on_close(lambda: work(kind))
    return response

@functions_framework.http(path="/sync")
def plain(request):
    return made(request.path.rpartition("/")[2])

@functions_framework.http(path="/release")
def release(request):
    released.release()
    return "released"

@idempotent
@functions_framework.http(path="/once")
def once(request):
    return made("file")
"""
BESIDE = """
@functions_framework.http(path="/async")
async def waiting(request):
    return made(request.url.path.rpartition("/")[2])
"""
SERVERS = {"sync": Given(SOURCE), "mixed": Given(SOURCE + BESIDE)}
CASES = [("sync", "/sync"), ("mixed", "/sync"), ("mixed", "/async")]


@pytest.mark.parametrize(("server", "prefix"), CASES)
@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("whole", (201, "ab")),
        ("empty", (200, "")),
        ("parts", (200, "ab")),
        ("json", (201, '{"a":1}')),
        ("stream", (200, "ab")),
        ("file-and-work", (200, SOURCE)),
    ],
)
def test_a_client_has_its_response_before_the_work_begins(
    servers: dict[str, Served], server: str, prefix: str, kind: str, given: tuple[int, str]
) -> None:
    found = servers[server]
    done = f"worked after {kind}"
    before = found.server.log.count(done)
    answer = found.client.get(f"{prefix}/{kind}")
    assert found.server.log.count(done) == before
    assert found.client.get("/release").text == "released"
    found.server.wait_for(done, times=before + 1)
    assert answer.status_code == given[0]
    assert answer.text.startswith(given[1])


@pytest.mark.parametrize(("server", "prefix"), CASES)
def test_a_file_is_sent_as_from_an_application(
    servers: dict[str, Served], server: str, prefix: str
) -> None:
    client = servers[server].client
    whole = client.get(f"{prefix}/file")
    assert whole.text.startswith("\nimport os, threading")
    assert (whole.status_code, whole.headers["x-a"]) == (200, "1")
    part = client.get(f"{prefix}/file", headers={"Range": "bytes=1-6"})
    assert (part.status_code, part.text) == (206, "import")
    assert part.headers["content-range"] == f"bytes 1-6/{len(whole.content)}"
    head = client.head(f"{prefix}/file")
    assert (head.status_code, head.content, head.headers["x-a"]) == (200, b"", "1")
    assert head.headers["content-length"] == str(len(whole.content))
    pair = client.get(f"{prefix}/pair")
    assert (pair.status_code, pair.content) == (202, whole.content)
    assert (pair.headers["x-pair"], pair.headers["etag"]) == ("1", whole.headers["etag"])
    assert client.get(f"{prefix}/gone").status_code == 500


def test_a_file_of_an_idempotent_function_is_kept(servers: dict[str, Served]) -> None:
    for found in servers.values():
        key = {"Idempotency-Key": "one"}
        first, again = (found.client.post("/once", headers=key) for _ in range(2))
        assert first.content == again.content
        assert (first.status_code, again.headers["idempotent-replayed"]) == (200, "true")


@pytest.mark.parametrize(("server", "prefix"), CASES)
def test_a_file_is_given_up_when_its_client_leaves(
    servers: dict[str, Served], server: str, prefix: str
) -> None:
    found = servers[server]
    (worker,) = found.server.children()

    def is_open() -> bool:
        opened = [file.resolve() for file in Path(f"/proc/{worker}/fd").iterdir()]
        return "large.bin" in {file.name for file in opened}

    with found.server.connect() as connection:
        connection.sendall(f"GET {prefix}/large HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        assert connection.recv(12) == b"HTTP/1.1 200"
        wait_until(is_open, "the file")
    wait_until(lambda: not is_open(), "no open file")
