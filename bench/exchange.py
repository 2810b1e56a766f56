"""One request and the response it must get; sent here only to check, never to measure."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

HOST = "127.0.0.1"


class WrongAnswer(Exception):  # noqa: N818 - it is a response, and it is wrong
    """A server answered something else than the case says; its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        status: HTTP status code.
        headers: by lower-case name.
        body: the whole body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what it must be answered with.

    Attributes:
        method: HTTP method.
        path: path and query.
        headers: request headers.
        body: request body.
        is_chunked: the body is sent in chunks of 64 KiB, without Content-Length.
        numbered: a header that is another one in each request under load, none where empty.
        status: the status expected.
        answer: the body expected, byte for byte or, for JSON, value for value.
        answer_length: its length instead, where the body is too long to write down.
        answer_headers: headers expected among others.
    """

    method: str = "GET"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_chunked: bool = False
    numbered: str = ""
    status: int = 200
    answer: bytes = b""
    answer_length: int | None = None
    answer_headers: Mapping[str, str] = field(default_factory=dict)

    def check(self, got: Answer) -> Answer:
        """Give back a response that is the one expected.

        Raises:
            WrongAnswer: they differ; the text says in what.
        """
        if got.status != self.status:
            raise WrongAnswer(f"status {got.status}, expected {self.status}: {got.body[:200]!r}")
        if self.answer_length is not None:
            if len(got.body) != self.answer_length:
                raise WrongAnswer(f"{len(got.body)} bytes, expected {self.answer_length}")
        elif not _same(got.body, self.answer):
            raise WrongAnswer(f"body {got.body[:200]!r}, expected {self.answer[:200]!r}")
        for name, value in self.answer_headers.items():
            if got.headers.get(name.lower()) != value:
                found = got.headers.get(name.lower())
                raise WrongAnswer(f"header {name}: {found!r}, expected {value!r}")
        return got

    def send(self, port: int, times: int = 1) -> None:
        """Send it to a server on this machine, over one connection, and check each response.

        Raises:
            WrongAnswer: one of them is not the one expected.
        """
        connection = http.client.HTTPConnection(HOST, port, timeout=60)
        try:
            for _ in range(times):
                self.check(self._ask(connection))
        finally:
            connection.close()

    def send_on(self, connected: socket.socket) -> Answer:
        """Send it on a connected socket, read the response and close."""
        connection = http.client.HTTPConnection(HOST)
        connection.sock = connected
        try:
            return self._ask(connection)
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> Answer:
        headers = dict(self.headers)
        if self.is_chunked:
            headers["Transfer-Encoding"] = "chunked"
            parts = iter(pieces(self.body))
            connection.request(self.method, self.path, parts, headers, encode_chunked=True)
        else:
            connection.request(self.method, self.path, self.body or None, headers)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


def pieces(body: bytes, length: int = 65536) -> list[bytes]:
    """Cut a body into pieces of at most `length` bytes."""
    return [body[start : start + length] for start in range(0, len(body), length)]


def raw_chunked(exchange: Exchange) -> bytes:
    """The bytes of a request whose body is sent in chunks (RFC 9112, section 7.1)."""
    head = [f"{exchange.method} {exchange.path} HTTP/1.1", f"Host: {HOST}"]
    head += [f"{name}: {value}" for name, value in exchange.headers.items()]
    head += ["Transfer-Encoding: chunked", "", ""]
    parts = ["\r\n".join(head).encode()]
    for piece in pieces(exchange.body):
        parts += [b"%x\r\n" % len(piece), piece, b"\r\n"]
    return b"".join([*parts, b"0\r\n\r\n"])


def _same(left: bytes, right: bytes) -> bool:
    if left == right:
        return True
    if not right.startswith((b"{", b"[")):
        return False
    try:
        return bool(json.loads(left) == json.loads(right))
    except ValueError:
        return False
