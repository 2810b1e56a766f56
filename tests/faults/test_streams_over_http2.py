"""Streams over HTTP/2, where calls share a connection: what becomes of one is nothing to others."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes

from support.served_source import Given

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.served_source import Served

pytestmark = pytest.mark.once

SOURCE = """
import asyncio, sys, time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

def parts(path):
    try:
        if path.endswith("large"):
            for number in range(64):
                yield bytes([number]) * 16_384
            return
        for number in range(20):
            yield f"part {number};"
            if path.endswith("broken") and number == 2:
                raise ValueError("broken on purpose")
            time.sleep(0.05)
    finally:
        say("closed", path)

async def parts_async(path):
    try:
        if path.endswith("large"):
            for number in range(64):
                yield bytes([number]) * 16_384
            return
        for number in range(20):
            yield f"part {number};"
            if path.endswith("broken") and number == 2:
                raise ValueError("broken on purpose")
            await asyncio.sleep(0.05)
    finally:
        say("closed", path)

@functions_framework.http
def plain(request):
    if request.path.endswith("call"):
        time.sleep(0.8)
        return request.get_data() or b"answered"
    return parts(request.path)

@functions_framework.http
async def waiting(request):
    if request.url.path.endswith("call"):
        await asyncio.sleep(0.8)
        return await request.body() or b"answered"
    return parts_async(request.url.path)

@functions_framework.http
async def mixed(request):
    return parts(request.url.path)

def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path.endswith("call"):
        time.sleep(0.8)
    start_response("200 OK", [])
    if path.endswith("call"):
        return [environ["wsgi.input"].read() or b"answered"]
    return (part if isinstance(part, bytes) else part.encode() for part in parts(path))

class Application:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        path = scope["path"]
        if path.endswith("call"):
            await asyncio.sleep(0.8)
        await send({"type": "http.response.start", "status": 200})
        if path.endswith("call"):
            body = (await receive())["body"] or b"answered"
            await send({"type": "http.response.body", "body": body})
            return
        async for part in parts_async(path):
            data = part if isinstance(part, bytes) else part.encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body"})

asgi = Application()
"""
SERVERS = {
    "sync": Given(SOURCE, target="plain"),
    "async": Given(SOURCE, target="waiting"),
    "beside": Given(SOURCE, target="plain,mixed,waiting"),
    "wsgi": Given(SOURCE, target="wsgi"),
    "asgi": Given(SOURCE, target="asgi"),
}
PATHS = {
    "sync": "/", "async": "/", "beside": "/plain/", "wsgi": "/", "asgi": "/",
}  # fmt: skip
ALL = "".join(f"part {number};" for number in range(20)).encode()


class Client:
    """Several requests on one connection.

    Attributes:
        bodies: what came, by stream.
        ends: how each stream ended: "whole", or the code it was reset with.
        times: when each part came.
    """

    def __init__(self, port: int, window: int | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 10)
        self._h2 = H2Connection(H2Configuration(client_side=True))
        self._h2.initiate_connection()
        self._is_generous = window is None
        if window is not None:
            self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: window})
        self.bodies: dict[int, bytes] = {}
        self.ends: dict[int, str] = {}
        self.times: dict[int, list[float]] = {}
        self.lengths: dict[int, int] = {}

    def close(self) -> None:
        self._socket.close()

    def ask(self, path: str, method: str = "GET", *, is_whole: bool = True) -> int:
        stream = self._h2.get_next_available_stream_id()
        head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "x")]
        self._h2.send_headers(stream, head, end_stream=is_whole)
        self.bodies[stream], self.times[stream] = b"", []
        self._flush()
        return stream

    def upload(self, stream: int, data: bytes) -> None:
        """End a request with a body and trailers."""
        self._h2.send_data(stream, data)
        self._h2.send_headers(stream, [("x-checksum", "1")], end_stream=True)
        self._flush()

    def reset(self, stream: int) -> None:
        self._h2.reset_stream(stream, 8)
        self.ends[stream] = "left"
        self._flush()

    def open_window(self, stream: int, size: int) -> None:
        self._h2.increment_flow_control_window(size, stream)
        self._flush()

    def _flush(self) -> None:
        self._socket.sendall(self._h2.data_to_send())

    def read_until(self, is_enough: Callable[[], object]) -> None:
        while not is_enough():
            received = self._socket.recv(65536)
            assert received, "the connection was ended"
            for event in self._h2.receive_data(received):
                if isinstance(event, DataReceived):
                    self._take(event)
                elif isinstance(event, StreamEnded):
                    self.ends.setdefault(event.stream_id, "whole")
                elif isinstance(event, StreamReset):
                    self.ends.setdefault(event.stream_id, str(int(event.error_code)))
                elif isinstance(event, ResponseReceived):
                    self.lengths[event.stream_id] = 0
            self._flush()

    def _take(self, event: DataReceived) -> None:
        self.bodies[event.stream_id] += event.data
        self.times[event.stream_id].append(time.monotonic())
        taken = event.flow_controlled_length
        if taken and self._is_generous:
            self._h2.acknowledge_received_data(taken, event.stream_id)
        elif taken:
            self._h2.increment_flow_control_window(taken)  # of the connection

    def read(self, *streams: int) -> None:
        """Read until these have ended."""
        self.read_until(lambda: self.ends.keys() >= set(streams))


@contextmanager
def connected(served: Served, window: int | None = None) -> Iterator[Client]:
    client = Client(served.server.port, window)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_parts_arrive_one_by_one_beside_other_calls(servers: dict[str, Served], kind: str) -> None:
    with connected(servers[kind]) as client:
        call = client.ask(f"{PATHS[kind]}call", "POST", is_whole=False)
        stream = client.ask(f"{PATHS[kind]}stream")
        client.upload(call, b"uploaded")
        client.read(call, stream)
    assert (client.bodies[stream], client.bodies[call]) == (ALL, b"uploaded")
    assert (client.ends[stream], client.ends[call]) == ("whole", "whole")
    times = client.times[stream]
    assert times[-1] - times[0] > 0.5


def test_one_that_fails_is_reset_and_others_go_on(servers: dict[str, Served], kind: str) -> None:
    with connected(servers[kind]) as client:
        call = client.ask(f"{PATHS[kind]}call")
        stream = client.ask(f"{PATHS[kind]}stream")
        broken = client.ask(f"{PATHS[kind]}broken")
        client.read(call, stream, broken)
    assert client.ends == {call: "whole", stream: "whole", broken: "2"}
    assert (client.bodies[call], client.bodies[stream]) == (b"answered", ALL)
    assert client.bodies[broken] == b"part 0;part 1;part 2;"
    servers[kind].server.wait_for("ValueError: broken on purpose")


def test_one_whose_client_leaves_is_closed_and_others_go_on(
    servers: dict[str, Served], kind: str
) -> None:
    path = f"{PATHS[kind]}left"
    with connected(servers[kind]) as client:
        call, stream = client.ask(f"{PATHS[kind]}call"), client.ask(path)
        client.read_until(lambda: len(client.times[stream]) > 2)
        client.reset(stream)
        client.read(call)
        servers[kind].server.wait_for(f"closed {'/left' if kind != 'beside' else path}")
        again = client.ask(f"{PATHS[kind]}stream")
        client.read(again)
    assert (client.bodies[call], client.bodies[again]) == (b"answered", ALL)
    assert client.bodies[stream].count(b";") < 20


def test_head_of_one_has_no_content(servers: dict[str, Served], kind: str) -> None:
    with connected(servers[kind]) as client:
        stream = client.ask(f"{PATHS[kind]}stream", "HEAD")
        start = time.monotonic()
        client.read(stream)
        assert (client.ends[stream], client.times[stream]) == ("whole", [])
    assert time.monotonic() - start < 0.8


def test_one_goes_on_after_its_window_was_shut(servers: dict[str, Served], kind: str) -> None:
    with connected(servers[kind], window=20_000) as client:
        stream = client.ask(f"{PATHS[kind]}large")
        client.read_until(lambda: len(client.bodies[stream]) == 20_000)
        call = client.ask(f"{PATHS[kind]}call")
        client.read(call)
        assert (client.bodies[call], len(client.bodies[stream])) == (b"answered", 20_000)
        client.open_window(stream, 2**21)
        client.read(stream)
    assert client.ends[stream] == "whole"
    assert client.bodies[stream] == b"".join(bytes([number]) * 16_384 for number in range(64))
