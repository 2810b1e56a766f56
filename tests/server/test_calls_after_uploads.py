"""Who has taken a body in hears of its client's going when it goes, and not before."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING

import httpx
import pytest

from support.served_source import Given
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.served_source import Served

pytestmark = pytest.mark.once  # what is tried is the way from the engine

SOURCE = """
import asyncio, time
import functions_framework
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

async def parts():
    for _ in range(3):
        yield "part "
        await asyncio.sleep(0.1)
    yield "end"

async def answer(request, length):
    path = request.url.path.rpartition("/")[2]
    if path == "waits":
        await asyncio.sleep(0.6)  # clients of long calls are watched
        return PlainTextResponse(f"{length} end")
    if path == "asks":
        await asyncio.sleep(0.1)
        return PlainTextResponse("left" if await request.is_disconnected() else "end")
    if path == "file":
        return FileResponse(__file__)
    if path == "background":
        return StreamingResponse(parts(), background=BackgroundTask(print))
    return StreamingResponse(parts())

@functions_framework.http
async def whole(request):
    return await answer(request, len(await request.body()))

@functions_framework.http
async def streamed(request):
    return await answer(request, sum([len(part) async for part in request.stream()]))

@functions_framework.http
def plain(request):
    request.get_data()
    if request.path.endswith("waits"):
        time.sleep(0.6)
        return "end"
    return parts()

app = Starlette(routes=[Route("/app/{what}", whole, methods=["POST"])])
# The end of the file is the end of a file that was sent: end"""
LEFT = """
import asyncio, sys
import functions_framework

@functions_framework.http
async def waits(request):
    length = len(await request.body())
    print("read", length, file=sys.stderr, flush=True)
    try:
        await asyncio.sleep(20)
    finally:
        print("ended", file=sys.stderr, flush=True)
"""
UNREAD = """
import asyncio
import functions_framework

async def parts():
    yield "first"
    await asyncio.sleep(20)

@functions_framework.http
async def waits(request):
    await asyncio.sleep(20)

@functions_framework.http
async def streams(request):
    return parts()

@functions_framework.http
async def tasks(request):
    return "\\n".join(map(repr, asyncio.all_tasks()))
"""
ASKED = ["waits", "asks", "file", "background", "stream"]
SIZES = [70_000, 1_000_000]
CASES = [
    *product(["whole", "streamed"], ASKED),
    *product(["plain"], ["waits", "stream"]),
    *product(["app"], ASKED),
]
SERVERS = {
    "functions": Given(SOURCE, target="whole,streamed,plain"),
    "app": Given(SOURCE, target="app"),
    "left": Given(LEFT),
    "unread": Given(UNREAD, ("--timeout", "0.4")),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sent", ["length", "chunked", "HTTP/2"])
@pytest.mark.parametrize(("kind", "asked"), CASES)
def test_a_client_that_stays_has_all_of_its_response(
    servers: dict[str, Served], kind: str, asked: str, sent: str, size: int
) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(0, size, size // 2):
            yield b"x" * (size // 2)

    found = servers["app" if kind == "app" else "functions"]
    url = f"http://127.0.0.1:{found.server.port}/{kind}/{asked}"
    is_http2 = sent == "HTTP/2"
    with httpx.Client(trust_env=False, http2=is_http2, http1=not is_http2) as client:
        response = client.post(url, content=chunks() if sent == "chunked" else b"x" * size)
    assert response.status_code == 200
    assert response.text.endswith("end"), response.text
    assert "Traceback" not in found.server.log


@pytest.mark.parametrize("path", ["/waits", "/streams"])
def test_the_watch_of_a_client_ends_with_its_late_call(
    servers: dict[str, Served], path: str
) -> None:
    client = servers["unread"].client
    for _ in range(3):
        # Of a stream that is cut: the system resets a connection that has something unread.
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            assert client.post(path, content=b"x" * 200_000).status_code == 504
    wait_until(lambda: "_wait_for_end" not in client.get("/tasks").text, "no task that is left")


@pytest.mark.parametrize("size", SIZES)
def test_a_client_that_leaves_after_an_upload_ends_its_call(
    servers: dict[str, Served], size: int
) -> None:
    found = servers["left"]
    ended = found.server.log.count("ended")
    with found.server.connect() as connection:
        head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * size)
        found.server.wait_for(f"read {size}")
    found.server.wait_for("ended", times=ended + 1, seconds=5)
