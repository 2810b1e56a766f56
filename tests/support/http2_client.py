"""A client for HTTP/2 without TLS that sends the frames it is told to, one after another."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded, StreamReset

if TYPE_CHECKING:
    from collections.abc import Sequence

CANCEL, REFUSED = 8, 7
_PAUSE = 0.02
"""Seconds between frames, so that the engine sees each of them come."""


class Trailers(NamedTuple):
    """Fields that end the stream."""

    fields: list[tuple[str, str]]


class Reset(NamedTuple):
    """A stream that is given up."""

    code: int = CANCEL


Frame = bytes | Trailers | Reset


def send_stream(
    port: int,
    path: str,
    *frames: Frame,
    method: str = "POST",
    fields: Sequence[tuple[str | bytes, str | bytes]] = (),
    seconds: float = 10.0,
) -> tuple[int, bytes]:
    """Send one request and return status and body of the response; 0 where there is none.

    The last frame of data ends the stream, and so does a request without frames.
    """
    config = H2Configuration(
        client_side=True,
        header_encoding=None,
        validate_outbound_headers=False,
        normalize_outbound_headers=False,
    )
    connection = H2Connection(config)
    connection.initiate_connection()
    head = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "x"), *fields]
    with socket.create_connection(("127.0.0.1", port), seconds) as client:
        connection.send_headers(1, head, end_stream=not frames)
        for number, part in enumerate(frames, 1):
            client.sendall(connection.data_to_send())
            time.sleep(_PAUSE)
            if isinstance(part, Trailers):
                connection.send_headers(1, part.fields, end_stream=True)
            elif isinstance(part, Reset):
                connection.reset_stream(1, part.code)
            else:
                connection.send_data(1, part, end_stream=number == len(frames))
        client.sendall(connection.data_to_send())
        if isinstance(frames[-1] if frames else b"", Reset):
            time.sleep(_PAUSE)
            return 0, b""
        return _answer(client, connection)


def _answer(client: socket.socket, connection: H2Connection) -> tuple[int, bytes]:
    status, body = 0, b""
    while received := client.recv(65536):
        for event in connection.receive_data(received):
            if isinstance(event, ResponseReceived):
                status = int(dict(event.headers)[b":status"])
            elif isinstance(event, DataReceived):
                body += event.data
            elif isinstance(event, StreamEnded):
                return status, body
            elif isinstance(event, StreamReset):
                return 0, body
        client.sendall(connection.data_to_send())
    return 0, body
