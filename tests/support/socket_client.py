"""A WebSocket client that sends exactly the bytes it is given, and a program that echoes."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from typing import NamedTuple

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3

ECHO = """
import asyncio, os, sys
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@asynccontextmanager
async def lifespan(app):
    say("application up")
    yield {"pool": "the pool"}
    say("application down")

async def echo(socket):
    await socket.accept(next(iter(socket.scope["subprotocols"]), None))
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            say("left", message["code"], message.get("reason"))
            break
        data = message.get("text")
        if data is None:
            await socket.send_bytes(message["bytes"])
        else:
            await socket.send_text(data)

async def about(socket):
    scope = socket.scope
    await socket.accept()
    await socket.send_json({
        "type": scope["type"], "scheme": scope["scheme"], "path": scope["path"],
        "raw_path": scope["raw_path"].decode(), "query": scope["query_string"].decode(),
        "client": scope["client"], "version": scope["http_version"], "pool": socket.state.pool,
        "spec": scope["asgi"]["spec_version"], "extensions": sorted(scope["extensions"]),
        "id": socket.headers["function-execution-id"],
    })
    await socket.close(4001, "told")

async def refuse(socket):
    await socket.close()

async def deny(socket):
    response = PlainTextResponse("log in first", 401, {"x-why": "token"})
    await socket.send_denial_response(response)

async def crash(socket):
    await socket.accept()
    raise ValueError("secret")

async def crash_before(socket):
    raise ValueError("secret")

async def unhandled(socket):
    await socket.accept()
    while True:
        await socket.receive_text()

async def impatient(socket):
    await socket.accept()
    got, tries = [], 0
    while len(got) < 3:
        try:
            got.append(await asyncio.wait_for(socket.receive_text(), 0.05))
        except asyncio.TimeoutError:
            tries += 1
            await socket.send_text("waiting")
    await socket.send_text("got " + " ".join(got))
    await socket.close()

async def telling(socket):
    await socket.accept()
    try:
        while True:
            await socket.send_text("tick")
            await asyncio.sleep(0.02)
    except WebSocketDisconnect as gone:
        say("told of leaving", gone.code)

async def flood(socket):
    await socket.accept()
    sent = 0
    async def send():
        nonlocal sent
        while True:
            await socket.send_bytes(bytes(65536))
            sent += 65536
            if sent == 65536:
                say("flooding")
    sending = asyncio.create_task(send())
    await socket.receive_text()
    say("flooded", sent)
    sending.cancel()

async def odd(socket):
    await socket.accept()
    word = await socket.receive_text()
    values = {"text": {"text": 5}, "nothing": {}, "surrogate": {"text": chr(0xD800)}}
    try:
        if word in values:
            await socket._send({"type": "websocket.send", **values[word]})
        elif word == "reason":
            await socket._send({"type": "websocket.close", "code": 1000, "reason": "r" * 124})
        else:
            await socket._send({"type": "websocket.close", "code": int(word)})
    except Exception as error:
        await socket.send_text(f"{type(error).__name__}: {error}")
        await socket.close()

async def unoffered(socket):
    await socket.accept("nobody-offered-this")

async def stubborn(socket):
    await socket.accept()
    await asyncio.sleep(60)

async def tidy(socket):
    await socket.accept()
    async for text in socket.iter_text():
        pass
    await asyncio.sleep(0.3)
    say("tidied up")

async def home(request):
    return PlainTextResponse(f"home {os.getpid()}")

SOCKETS = [echo, about, refuse, deny, crash, crash_before, unhandled, impatient, telling, flood,
           odd, unoffered, stubborn, tidy]
app = Starlette(
    routes=[Route("/", home), *(WebSocketRoute(f"/{f.__name__}", f) for f in SOCKETS)],
    lifespan=lifespan,
)
"""


class Frame(NamedTuple):
    """A frame as it came."""

    opcode: int
    data: bytes
    is_last: bool = True


def framed(
    opcode: int,
    data: bytes = b"",
    *,
    is_last: bool = True,
    is_masked: bool = True,
    reserved: int = 0,
    length: int | None = None,
) -> bytes:
    """The bytes of a frame (RFC 6455, section 5.2), masked with zeros.

    Args:
        opcode: what it is.
        data: its payload.
        is_last: whether it is the last of its message.
        is_masked: whether it says that it is masked.
        reserved: the three bits.
        length: what it says of the payload's length, the truth without.
    """
    size = len(data) if length is None else length
    head = bytes([is_last << 7 | reserved << 4 | opcode])
    mask = is_masked << 7
    if size < 126:
        head += bytes([mask | size])
    elif size < 2**16:
        head += struct.pack("!BH", mask | 126, size)
    else:
        head += struct.pack("!BQ", mask | 127, size)
    return head + (bytes(4) if is_masked else b"") + data


def closing(code: int, reason: bytes = b"") -> bytes:
    """The payload of a close frame."""
    return struct.pack("!H", code) + reason


class SocketClient:
    """A connection that asked for a WebSocket.

    Attributes:
        status: of the response, 0 where the server closed without one.
        head: the response's head, as text.
        body: what of its body came with it.
    """

    def __init__(
        self,
        port: int,
        path: str = "/echo",
        *headers: str,
        without: str = "",
        version: str = "1.1",
        seconds: float = 10,
    ) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        lines = [
            "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
            f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13",
        ]  # fmt: skip
        sent = [line for line in lines if not (without and line.startswith(without))]
        request = "\r\n".join([f"GET {path} HTTP/{version}", *sent, *headers, "", ""])
        self._socket.sendall(request.encode("latin-1"))
        self._received = b""
        try:
            self._read_answer()
        except BaseException:
            self._socket.close()
            raise

    def _read_answer(self) -> None:
        while b"\r\n\r\n" not in self._received and self._more():
            pass
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(self.head.split(" ")[1]) if head else 0
        self.body = ""
        if self.status != 101:
            length = int(self.head.lower().partition("content-length: ")[2].split("\r")[0] or 0)
            while len(self._received) < length and self._more():
                pass
            self.body = self._received.decode()

    def __enter__(self) -> SocketClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_answered_right(self) -> bool:
        """Whether the server has proved that it knows the protocol (RFC 6455, section 4.2.2)."""
        made = base64.b64encode(hashlib.sha1(f"{KEY}{_GUID}".encode()).digest()).decode()
        return f"sec-websocket-accept: {made}" in self.head

    def send(self, *parts: bytes) -> None:
        """Send bytes."""
        for part in parts:
            self._socket.sendall(part)

    def _more(self) -> bool:
        try:
            part = self._socket.recv(65536)
        except ConnectionError:
            return False
        self._received += part
        return bool(part)

    def _take(self, size: int) -> bytes | None:
        while len(self._received) < size:
            if not self._more():
                return None
        taken, self._received = self._received[:size], self._received[size:]
        return taken

    def frame(self) -> Frame | None:
        """The next frame, None where the connection has ended."""
        head = self._take(2)
        if head is None:
            return None
        size = head[1] & 127
        if size >= 126:
            longer = self._take(2 if size == 126 else 8)
            assert longer is not None
            size = int.from_bytes(longer, "big")
        data = self._take(size)
        return None if data is None else Frame(head[0] & 15, data, bool(head[0] & 128))

    def end(self) -> tuple[int, str] | None:
        """Code and reason of the close frame that comes next, 1005 without one in it; None at an
        end without such a frame.
        """
        found = self.frame()
        while found is not None and found.opcode != CLOSE:
            found = self.frame()
        if found is None:
            return None
        data = found.data
        return (int.from_bytes(data[:2], "big"), data[2:].decode()) if data else (1005, "")

    def has_ended(self) -> bool:
        """Whether nothing more comes and the connection is closed."""
        return self.frame() is None

    def close(self, *, is_reset: bool = False) -> None:
        """Close the connection without a word of the protocol."""
        if is_reset:
            option = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
        self._socket.close()
