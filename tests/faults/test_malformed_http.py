"""Malformed requests are refused or cut off before the function is called, and nobody notices."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

import pytest

from faults.malformed_requests import (
    ACCEPTED,
    BAD_CHUNKS,
    BROKEN_OFF,
    CHUNKED,
    MALFORMED,
    POST,
    SMUGGLED,
    Accepted,
    Malformed,
)
from support.server_process import KINDS, ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """
import sys
import functions_framework

def note(*words):
    print("called", *words, file=sys.stderr, flush=True)

@functions_framework.http
def plain(request):
    if request.path == "/pieces":
        body = b"".join(iter(lambda: request.stream.read(7), b""))
    else:
        body = request.get_data()
    note(request.method, request.path, body)
    return "Hello world!"

@functions_framework.http
async def waiting(request):
    body = b"".join([part async for part in request.stream()])
    note(request.method, request.url.path, body)
    return "Hello world!"
"""
STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3}) ", re.MULTILINE)


class Target:
    """A server, and what it was sent."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.marks = 0

    def calls(self, before: int) -> list[str]:
        """What was called since, once a good request shows that the server goes on."""
        self.marks += 1
        assert self.server.get("/mark") == (200, b"Hello world!")
        self.server.wait_for("called GET /mark", times=self.marks)
        lines = self.server.log[before:].splitlines()
        called = [line.removeprefix("called ") for line in lines if line.startswith("called ")]
        return [call for call in called if "/mark" not in call]


@pytest.fixture(scope="module", params=KINDS)
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    source = tmp_path_factory.mktemp("malformed") / "main.py"
    source.write_text(SOURCE)
    with ServerProcess.start(source, request.param) as server:
        yield Target(server.ready())


def exchange(server: ServerProcess, sent: bytes, *, has_left: bool) -> bytes:
    """Send, and read until the server ends the connection."""
    with server.connect(5) as connection:
        received = b""
        try:
            connection.sendall(sent)
            if has_left:
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                received += part
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


@pytest.mark.parametrize("row", MALFORMED, ids=lambda row: row.name)
def test_malformed_request_is_refused_or_cut_off(target: Target, row: Malformed) -> None:
    before = len(target.server.log)
    answers = STATUS.findall(exchange(target.server, row.sent, has_left=row.has_left))
    assert all(400 <= int(status) < 500 for status in answers)
    assert len(answers) <= 1
    assert target.calls(before) == []


@pytest.mark.parametrize("row", ACCEPTED, ids=lambda row: row.name)
def test_odd_request_has_one_meaning(target: Target, row: Accepted) -> None:
    before = len(target.server.log)
    assert target.server.send(row.sent) == (200, b"Hello world!")
    assert target.calls(before) == [row.call]


@pytest.mark.parametrize("name", BROKEN_OFF)
def test_body_that_breaks_off_is_not_whole_for_who_reads_in_pieces(
    target: Target, name: str
) -> None:
    before = len(target.server.log)
    sent = CHUNKED.replace(b"/ HTTP", b"/pieces HTTP") + BAD_CHUNKS[name]
    answers = STATUS.findall(exchange(target.server, sent, has_left=True))
    assert answers in ([], [b"400"])
    assert target.calls(before) == []


@pytest.mark.parametrize("chunk", ["0\r\n\r\n", "0\r\n\r\nG", "xyz\r\n", "0"])
@pytest.mark.parametrize("length", [3, 6, 200])
def test_what_follows_a_request_with_both_lengths_never_runs(
    target: Target, chunk: str, length: int
) -> None:
    before = len(target.server.log)
    head = b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n" % length
    received = exchange(
        target.server, POST + head + chunk.encode() + SMUGGLED, has_left=chunk == "0"
    )
    assert len(STATUS.findall(received)) <= 1
    assert not any("smuggled" in call for call in target.calls(before))


@pytest.mark.parametrize("name", [name for name in BAD_CHUNKS if name not in BROKEN_OFF])
def test_what_follows_a_bad_chunk_never_runs(target: Target, name: str) -> None:
    before = len(target.server.log)
    sent = CHUNKED + BAD_CHUNKS[name] + SMUGGLED
    received = exchange(target.server, sent, has_left=False)
    assert STATUS.findall(received) in ([], [b"400"])
    assert target.calls(before) == []


def test_pipelined_request_runs_after_a_good_one(target: Target) -> None:
    """What the tests above look for would show: the same request runs where it may."""
    before = len(target.server.log)
    with target.server.connect() as connection:
        connection.sendall(CHUNKED + b"2\r\nab\r\n0\r\n\r\n" + SMUGGLED)
        assert read_answer(connection) == (200, b"Hello world!")
        target.server.wait_for("called GET /smuggled b''")
    assert target.calls(before) == ["POST / b'ab'", "GET /smuggled b''"]
