"""Replies made as a test says, by everything that can make one, and clients that see every byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, ResponseReceived, StreamEnded, StreamReset

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from support.server_process import ServerProcess

SOURCE = """
import json, urllib.parse
import flask, functions_framework
from starlette.responses import Response, StreamingResponse

class Raised(Exception):
    pass

def wanted(query):
    made = json.loads(urllib.parse.unquote(query))
    status, headers, parts, is_whole = made
    if headers and isinstance(headers[0], int):  # so many, too long for a request's target
        headers = [(f"x-{number}" + "x" * headers[1], "1") for number in range(headers[0])]
    return status, [(n, v) for n, v in headers], [p.encode("latin-1") for p in parts], is_whole

@functions_framework.errorhandler(Raised)
def answer(error):
    status, headers, parts, is_whole = error.args[0]
    return b"".join(parts) if is_whole else iter(parts), status, headers

def made(path, query, is_async):
    if path == "/next":
        return "in step"
    status, headers, parts, is_whole = wanted(query)
    body = b"".join(parts) if is_whole else iter(parts)
    if path == "/handler":
        raise Raised((status, headers, parts, is_whole))
    if path == "/flask":
        return flask.Response(body, status, headers)
    if path == "/starlette":
        response = (Response if is_whole else StreamingResponse)(body, status)
        response.raw_headers = [
            (n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers
        ]
        return response
    return body, status, headers

@functions_framework.http
def plain(request):
    return made(request.path, request.query_string.decode(), False)

@functions_framework.http
async def waiting(request):
    return made(request.url.path, request.url.query, True)

def wsgi(environ, start_response):
    if environ["PATH_INFO"] == "/next":
        start_response("200 OK", [])
        return [b"in step"]
    status, headers, parts, is_whole = wanted(environ["QUERY_STRING"])
    start_response(f"{status} Made", headers)
    return parts if is_whole else iter(parts)

class Application:
    async def __call__(self, scope, receive, send):
        assert scope["type"] == "http"
        made = 200, [], [b"in step"], True
        if scope["path"] != "/next":
            made = wanted(scope["query_string"].decode())
        status, headers, parts, is_whole = made
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if is_whole:
            await send({"type": "http.response.body", "body": b"".join(parts)})
            return
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

asgi = Application()
"""

TARGETS = ("plain", "waiting", "wsgi", "asgi")
MAKERS = (
    ("plain", "/tuple"), ("plain", "/flask"), ("plain", "/starlette"), ("plain", "/handler"),
    ("waiting", "/tuple"), ("waiting", "/starlette"), ("waiting", "/handler"),
    ("wsgi", "/app"), ("asgi", "/app"),
)  # fmt: skip
"""A target of the source, and the path where it makes its reply in one of the ways it can."""


class Made(NamedTuple):
    """A reply that a function is to give.

    Attributes:
        status: of it.
        headers: names and values, as text; or how many, and by how much their names are longer.
        parts: of the body, one character for each byte.
        is_whole: given at once, not as a stream.
    """

    status: int = 200
    headers: Sequence[tuple[str, str]] | tuple[int, int] = ()
    parts: Sequence[str] = ("made",)
    is_whole: bool = True

    def target(self, path: str) -> str:
        """What a request's target is to be for a function to give it."""
        return f"{path}?{quote(json.dumps(self))}"


class Got(NamedTuple):
    """What a client received.

    Attributes:
        status: 0 where the connection ended before.
        fields: names and values, as they came.
        body: its outcome.
        is_whole: whether it ended as it should.
        is_in_step: whether the next request of the connection got its own response; None where
            the connection has ended.
        has_data: whether a frame of content came, an empty one too (HTTP/2).
    """

    status: int
    fields: list[tuple[bytes, bytes]]
    body: bytes
    is_whole: bool
    is_in_step: bool | None
    has_data: bool

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a field."""
        return [value for known, value in self.fields if known.lower() == name]

    @property
    def is_crash(self) -> bool:
        """Whether it is the response to a crash, and the connection goes on."""
        crash = self.all(b"x-google-status") == [b"crash"]
        return self.status == 500 and crash and self.is_in_step is True


def ask_http1(server: ServerProcess, target: str, method: str = "GET") -> Got:
    """Ask over HTTP/1.1, then ask for `/next` on the same connection."""
    with server.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(f"{method} {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        status, fields, body, is_whole = _read_http1(stream, method)
        if not is_whole:
            return Got(status, fields, body, is_whole, None, bool(body))
        connection.sendall(b"GET /next HTTP/1.1\r\nhost: x\r\n\r\n")
        following = _read_http1(stream, "GET")
        is_in_step = following[0] == 200 and following[2:] == (b"in step", True)
        return Got(status, fields, body, is_whole, is_in_step, bool(body))


def _read_http1(stream: Any, method: str) -> tuple[int, list[tuple[bytes, bytes]], bytes, bool]:
    try:
        line = stream.readline()
        if not line:
            return 0, [], b"", False
        status = int(line.split()[1])
        fields = []
        while (line := stream.readline().rstrip(b"\r\n")) != b"":
            name, _, value = line.partition(b":")
            fields.append((name.lower(), value.strip(b" \t")))
        by_name = dict(fields)
        if method == "HEAD" or status in {204, 304}:
            return status, fields, b"", True
        if b"transfer-encoding" in by_name:
            return status, fields, *_read_chunks(stream)
        length = int(by_name[b"content-length"])
        body = stream.read(length)
        return status, fields, body, len(body) == length
    except ConnectionError:
        return 0, [], b"", False


def _read_chunks(stream: Any) -> tuple[bytes, bool]:
    body = b""
    while line := stream.readline():
        size = int(line, 16)
        data = stream.read(size)
        body += data
        if len(data) < size or stream.readline() != b"\r\n":
            break
        if size == 0:
            return body, True
    return body, False


def ask_http2(server: ServerProcess, target: str, method: str = "GET") -> Got:
    """The same over HTTP/2. What the protocol forbids raises `h2.exceptions.ProtocolError`."""
    config = H2Configuration(client_side=True, header_encoding=None)
    connection = H2Connection(config)
    connection.initiate_connection()
    with server.connect() as client:
        first = _exchange(client, connection, method, target)
        if not first.is_whole:
            return first
        following = _exchange(client, connection, "GET", "/next")
        is_in_step = (following.status, following.body) == (200, b"in step")
        return first._replace(is_in_step=is_in_step)


def _exchange(client: socket.socket, connection: H2Connection, method: str, target: str) -> Got:
    stream = connection.get_next_available_stream_id()
    head = [(":method", method), (":path", target), (":scheme", "http"), (":authority", "x")]
    connection.send_headers(stream, head, end_stream=True)
    client.sendall(connection.data_to_send())
    got = Got(0, [], b"", False, None, False)
    try:
        while received := client.recv(65536):
            for event in connection.receive_data(received):
                if isinstance(event, ResponseReceived):
                    fields = [(bytes(name), bytes(value)) for name, value in event.headers]
                    got = got._replace(status=int(dict(fields)[b":status"]), fields=fields)
                elif isinstance(event, DataReceived):
                    got = got._replace(body=got.body + event.data, has_data=True)
                elif isinstance(event, StreamEnded):
                    return got._replace(is_whole=True)
                elif isinstance(event, (StreamReset, ConnectionTerminated)):
                    return got
            client.sendall(connection.data_to_send())
    except ConnectionError:
        pass
    return got


ASKERS: dict[str, Callable[..., Got]] = {"HTTP/1.1": ask_http1, "HTTP/2": ask_http2}
