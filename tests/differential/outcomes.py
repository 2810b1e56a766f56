"""What a client sees of one request: status, header fields, body, and whether it may go on."""

from __future__ import annotations

import socket
from typing import NamedTuple

import h2.config
import h2.connection
import h2.events

# What each server says in words of its own, or of the moment.
_OWN_WORDS = frozenset({"date", "server", "connection", "keep-alive", "transfer-encoding"})
_PROBE = b"GET /text HTTP/1.1\r\nhost: probe\r\n\r\n"
_SECONDS = 10.0


class Outcome(NamedTuple):
    """What one request led to.

    Attributes:
        status: the code, None for a connection closed without a response.
        headers: names and values, sorted.
        body: its outcome.
        is_whole: whether the response reached its end.
        goes_on: whether the same connection answers the next request; None where nobody asked.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    is_whole: bool = True
    goes_on: bool | None = None


def over_http1(port: int, request: bytes) -> Outcome:
    """Send bytes as they are, read the response, and ask once more on the same connection."""
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as stream:
            outcome = _response(stream, is_head=request.startswith(b"HEAD "))
            if outcome.status is None or not outcome.is_whole:
                return outcome
            return outcome._replace(goes_on=_goes_on(connection, stream))


def _goes_on(connection: socket.socket, stream: object) -> bool:
    try:
        connection.sendall(_PROBE)
        again = _response(stream)
    except OSError:
        return False
    if again.status is None:
        return False
    if again.status != 200:
        raise AssertionError(f"the connection is out of step: {again}")
    return True


def _response(stream: object, *, is_head: bool = False) -> Outcome:
    try:
        line = stream.readline()  # type: ignore[attr-defined]
        if not line:
            return Outcome(None)
        version, status = line.split()[:2]
        if not version.startswith(b"HTTP/1."):
            raise AssertionError(f"no status line: {line!r}")
        fields = list(iter(lambda: stream.readline().strip(), b""))  # type: ignore[attr-defined]
        if 100 <= int(status) < 200:
            return _response(stream, is_head=is_head)
        pairs = [field.decode("latin-1").partition(":") for field in fields]
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        body, is_whole = _body(stream, int(status), dict(headers), is_head=is_head)
    except ConnectionError:
        return Outcome(None)
    seen = tuple(sorted(pair for pair in headers if pair[0] not in _OWN_WORDS))
    return Outcome(int(status), seen, body, is_whole)


def _body(
    stream: object, status: int, headers: dict[str, str], *, is_head: bool
) -> tuple[bytes, bool]:
    read = stream.read  # type: ignore[attr-defined]
    if is_head or status in {204, 304}:
        return b"", True
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while line := stream.readline():  # type: ignore[attr-defined]
            size = int(line.split(b";")[0], 16)
            part = read(size)
            body += part
            if len(part) < size or not stream.readline():  # type: ignore[attr-defined]
                return body, False
            if not size:
                return body, True
        return body, False
    if "content-length" not in headers:
        return read(), True
    length = int(headers["content-length"])
    body = read(length)
    return body, len(body) == length


def over_http2(
    port: int, method: str, target: str, headers: dict[str, str], body: bytes
) -> Outcome:
    """Send a request over HTTP/2 with prior knowledge; the client is as strict as `h2` is."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="latin-1"))
    connection.initiate_connection()
    fields = [(":method", method), (":scheme", "http"), (":path", target), (":authority", "probe")]
    connection.send_headers(1, [*fields, *headers.items()], end_stream=not body)
    if body:
        connection.send_data(1, body, end_stream=True)
    seen: list[tuple[str, str]] = []
    received = b""
    with socket.create_connection(("127.0.0.1", port), _SECONDS) as client:
        client.sendall(connection.data_to_send())
        while data := client.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    seen = [(str(name), str(value)) for name, value in event.headers]
                elif isinstance(event, h2.events.DataReceived):
                    received += event.data
                    connection.acknowledge_received_data(event.flow_controlled_length, 1)
                elif isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    is_whole = isinstance(event, h2.events.StreamEnded)
                    return _http2_outcome(seen, received, is_whole=is_whole)
            client.sendall(connection.data_to_send())
    return Outcome(None)


def _http2_outcome(seen: list[tuple[str, str]], body: bytes, *, is_whole: bool) -> Outcome:
    status = next((int(value) for name, value in seen if name == ":status"), None)
    pairs = [pair for pair in seen if pair[0] not in _OWN_WORDS and pair[0] != ":status"]
    return Outcome(status, tuple(sorted(pairs)), body, is_whole)
