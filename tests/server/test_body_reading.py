"""A request's body as a sync function reads it, over a source that ends where a client left."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.exceptions import MalformedRequest
from functions_framework.server.on_loop.body import declared_length
from functions_framework.server.on_threads.admission import Admission
from functions_framework.server.on_threads.body import Body, Bounds
from functions_framework.server.on_threads.sources import NoBody

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTENT = st.binary(max_size=300).map(lambda data: data.replace(b"\x01", b"\n"))


class Source:
    """Granian's body: `read(n)` waits for n bytes or the end, a broken one ends early.

    Reading everything at once gives nothing when the body broke off.
    """

    def __init__(self, data: bytes, *, is_broken: bool = False) -> None:
        self.data = data
        self.is_broken = is_broken
        self.longest = 0

    def read(self, size: int | None = None) -> bytes:
        if size is None:
            taken, self.data = (b"" if self.is_broken else self.data), b""
            return taken
        self.longest = max(self.longest, size)
        taken, self.data = self.data[:size], self.data[size:]
        return taken


@pytest.fixture(autouse=True, scope="module")
def _client() -> Iterator[None]:
    """A client that is connected to this process, from 127.0.0.1."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0],
    ):
        yield


def body_of(source: Source, length: int | None, *, is_typed: bool = True) -> Body:
    environ = {"CONTENT_TYPE": "text/plain"} if is_typed else {}
    return body_in(environ | {"REMOTE_ADDR": "127.0.0.1"}, source, length)


def body_in(environ: dict[str, str], source: Source, length: int | None) -> Body:
    environ.setdefault("REMOTE_ADDR", "192.0.2.1")  # nobody is connected to this process from there
    environ.setdefault("SERVER_PROTOCOL", "HTTP/1.1")
    environ.setdefault("REQUEST_METHOD", "POST")
    protocol: Any = None  # nobody is answered
    return Body(source, length, environ, Bounds(Admission(4)), protocol)


@given(data=CONTENT, is_chunked=st.booleans(), sizes=st.lists(st.integers(-1, 40), max_size=30))
def test_reads_give_what_was_sent(data: bytes, is_chunked: bool, sizes: list[int]) -> None:
    body = body_of(Source(data), None if is_chunked else len(data), is_typed=False)
    parts = [body.read(size) for size in sizes]
    assert b"".join([*parts, body.read()]) == data
    assert body.is_read
    assert body.read() == b""


@given(data=CONTENT, is_chunked=st.booleans())
def test_lines_are_those_of_the_content(data: bytes, is_chunked: bool) -> None:
    length = None if is_chunked else len(data)
    expected = data.splitlines(keepends=True) if b"\r" not in data else None
    lines = list(body_of(Source(data), length, is_typed=bool(data)))
    assert b"".join(lines) == data
    assert all(line.endswith(b"\n") for line in lines[:-1])
    assert body_of(Source(data), length, is_typed=bool(data)).readlines() == lines
    assert expected is None or len(lines) == data.count(b"\n") + (not data.endswith(b"\n")) * bool(
        data
    )


@given(data=CONTENT, size=st.integers(0, 20))
def test_a_line_is_no_longer_than_asked_for(data: bytes, size: int) -> None:
    body = body_of(Source(data), len(data))
    line = body.readline(size)
    assert len(line) <= size
    assert data.startswith(line)
    assert line + body.read() == data


@pytest.mark.parametrize("read", ["read", "readline", "readlines"])
def test_body_shorter_than_declared_is_refused(read: str) -> None:
    body = body_of(Source(b"abc"), 10)
    with pytest.raises(MalformedRequest, match="cut off"):
        getattr(body, read)()


def test_body_shorter_than_declared_is_refused_in_pieces() -> None:
    body = body_of(Source(b"abc"), 10)
    assert body.read(2) == b"ab"
    with pytest.raises(MalformedRequest, match="cut off"):
        body.read(2)


def test_chunked_body_that_broke_off_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="cut off"):
        body_of(Source(b"abc", is_broken=True), None).read()


def test_empty_body_of_unknown_length_without_a_type_is_empty() -> None:
    assert body_of(Source(b""), None, is_typed=False).read() == b""


@pytest.mark.parametrize(("method", "is_refused"), [("GET", False), ("HEAD", False), ("PUT", True)])
def test_a_type_without_a_body_is_taken_for_a_body_that_broke_off_over_http2(
    method: str, is_refused: bool
) -> None:
    environ = {"CONTENT_TYPE": "a/b", "SERVER_PROTOCOL": "HTTP/2", "REQUEST_METHOD": method}
    body = body_in(environ, Source(b""), None)
    if is_refused:
        with pytest.raises(MalformedRequest, match="cut off"):
            body.read()
    else:
        assert body.read() == b""


def test_body_over_http2_is_never_asked_for_in_pieces() -> None:
    source = Source(b"abc\ndef")
    body = body_in({"SERVER_PROTOCOL": "HTTP/2"}, source, 7)
    assert (body.read(1), body.readline(), body.read(2)) == (b"a", b"bc\n", b"de")
    body.drain()
    assert (body.is_read, source.longest) == (True, 0)


@pytest.mark.parametrize("size", [-1, 10])
def test_empty_chunked_body_may_have_broken_off(size: int) -> None:
    body = body_in({"HTTP_TRANSFER_ENCODING": "chunked"}, Source(b""), None)
    with pytest.raises(MalformedRequest, match="cut off"):
        body.read(size)


def test_chunked_body_in_pieces_whose_client_is_gone_is_refused() -> None:
    body = body_in({"HTTP_TRANSFER_ENCODING": "chunked"}, Source(b"abc"), None)
    assert body.read(3) == b"abc"
    with pytest.raises(MalformedRequest, match="cut off"):
        body.read(1)


def test_never_reads_past_the_declared_length() -> None:
    source = Source(b"abcNEXT")
    assert body_of(source, 3).read() == b"abc"
    assert source.data == b"NEXT"


@pytest.mark.parametrize("length", [None, 200_000, 300_000])
def test_drains_in_pieces_and_forgives_a_broken_body(length: int | None) -> None:
    source = Source(b"x" * 200_000)
    body = body_of(source, length)
    body.read(10)
    body.drain()
    assert (source.data, source.longest, body.is_read) == (b"", 65536, True)


@pytest.mark.parametrize(
    ("version", "headers", "length"),
    [
        ("1.1", {"content-length": "12"}, 12),
        ("1.1", {"content-length": "0"}, 0),
        ("1.1", {}, 0),
        ("1.1", {"transfer-encoding": "chunked"}, None),
        ("1.1", {"transfer-encoding": "chunked", "content-length": "12"}, None),
        ("2", {}, None),
        ("2", {"content-length": "3"}, 3),
    ],
)
def test_declared_length(version: str, headers: dict[str, str], length: int | None) -> None:
    head: Any = SimpleNamespace(http_version=version)
    assert declared_length(headers, head) == length


def test_no_body_is_at_its_end() -> None:
    empty = NoBody()
    assert (empty.read(), empty.readline(5), empty.readlines(), list(empty)) == (b"", b"", [], [])
