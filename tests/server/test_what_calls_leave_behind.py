"""A call leaves nothing to the garbage collector: it stops others to find that, and late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from support.served_source import EVENT, Given
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

    from support.served_source import Served

pytestmark = pytest.mark.once

SOURCE = """
import gc
import functions_framework

gc.disable()

@functions_framework.http
def unread(request):
    return str(gc.collect())

@functions_framework.http
def read(request):
    request.get_data()
    return str(gc.collect())

@functions_framework.typed
def typed(value: dict):
    return {"found": gc.collect()}
"""
CALLS = 20
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("is_http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.parametrize(
    ("target", "body"),
    [("unread", b""), ("unread", b"{}"), ("read", b""), ("read", b"{}"), ("typed", b"{}")],
)
def test_calls_leave_no_cycles(tmp_path: Path, target: str, body: bytes, *, is_http2: bool) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with (
        ServerProcess.start(tmp_path / "main.py", target) as server,
        httpx.Client(
            base_url=f"http://127.0.0.1:{server.ready().port}", http1=not is_http2, http2=is_http2
        ) as client,
    ):

        def found() -> int:
            reply = client.request("POST" if body else "GET", "/", content=body, headers=JSON)
            assert reply.status_code == 200
            return int("".join(filter(str.isdigit, reply.text)))

        found()  # what loading has left
        assert sum(found() for _ in range(CALLS)) < CALLS


KINDS = """
import gc
from starlette.responses import StreamingResponse
import functions_framework
from functions_framework import sse

gc.disable()

@functions_framework.http
def found(request):
    return str(gc.collect())

@functions_framework.http
def echo(request):
    return request.get_data()

@functions_framework.http
def crash(request):
    raise ValueError(request.get_data())

@functions_framework.http
def stream(request):
    return (part for part in ("a", "b"))

@functions_framework.typed
def value(value: dict):
    return value

@functions_framework.cloud_event
def event(event):
    pass

@functions_framework.cloud_event
def event_crash(event):
    raise ValueError("event")
"""
ASYNC = """
@functions_framework.http
async def async_echo(request):
    return await request.body()

@functions_framework.http
async def async_crash(request):
    raise ValueError(await request.body())

@functions_framework.http
async def async_stream(request):
    async def parts():
        yield "a"
    return sse(parts())

@functions_framework.http
async def blocking_stream(request):
    return (part for part in ("a", "b"))

@functions_framework.http
async def response(request):
    return StreamingResponse(iter(["a", "b"]))

@functions_framework.typed
async def async_value(value: dict):
    return value

@functions_framework.cloud_event
async def async_event(event):
    pass
"""
SYNC_PATHS = ["echo", "crash", "stream", "value", "event", "event_crash"]
ASYNC_PATHS = [
    "async_echo", "async_crash", "async_stream", "blocking_stream", "response", "async_value",
    "async_event",
]  # fmt: skip
SERVERS = {
    "sync": Given(KINDS),
    "sync with flask": Given("import flask" + KINDS),
    "mixed": Given(KINDS + ASYNC),
    "mixed with flask": Given("import flask" + KINDS + ASYNC),
}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        *((name, path) for name in SERVERS for path in SYNC_PATHS),
        *(("mixed", path) for path in ASYNC_PATHS),
    ],
)
def test_nor_does_any_kind_of_call(servers: dict[str, Served], name: str, path: str) -> None:
    client = servers[name].client

    def call() -> None:
        answer = client.post(f"/{path}", headers=EVENT | JSON, content=b"{}")
        assert answer.status_code == (500 if "crash" in path else 200), answer.text

    call()
    client.get("/found")  # what the first of a kind has left
    for _ in range(CALLS):
        call()
    assert int(client.get("/found").text) < CALLS
