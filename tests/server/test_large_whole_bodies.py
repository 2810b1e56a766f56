"""A large whole body is sent in slices, of which nobody can tell but by the clock."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from functions_framework.model.message import HTML, Reply
from functions_framework.server.on_threads.large_bodies import MOST_AT_ONCE, LargeBodies
from functions_framework.server.wire.slices import LARGE, SLICE
from support.served_source import each_kind
from support.server_process import ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from functions_framework.model.message import Headers
    from functions_framework.server.wire.interfaces import Parts

pytestmark = pytest.mark.once

SOURCE = """
import functions_framework, sys

PIECE = b"".join(number.to_bytes(4, "big") for number in range(2**18))

def body(size):
    return (PIECE * (size // len(PIECE) + 1))[:size]

def answer(path):
    if path == "/memory":
        return open("/proc/self/statm").read().split()[1]
    return body(int(path[1:]))

@functions_framework.http
def plain(request):
    return answer(request.path)

@functions_framework.http
async def waiting(request):
    return answer(request.url.path)
"""
TIMEOUT = 1
SERVERS = each_kind(
    SOURCE, "--access-log", "--concurrency", "1", "--timeout", str(TIMEOUT), "--grace-period", "20"
)
HUGE = 6 * LARGE + 12_345
"""Far more than the kernel takes for a client that does not read."""


PIECE = b"".join(number.to_bytes(4, "big") for number in range(2**18))


def expected(size: int) -> bytes:
    return (PIECE * (size // len(PIECE) + 1))[:size]


def asked(server: ServerProcess, size: int, version: str = "1.1") -> socket.socket:
    """A connection on which a body was asked for, and nothing was read yet."""
    connection = server.connect(20)
    connection.sendall(f"GET /{size} HTTP/{version}\r\nhost: x\r\n\r\n".encode())
    return connection


def head_of(server: ServerProcess, size: int, version: str) -> list[bytes]:
    """The lines of a response's head, whose order says nothing (RFC 9110, section 5.3)."""
    with asked(server, size, version) as connection, connection.makefile("rb") as stream:
        head = list(iter(stream.readline, b"\r\n"))
        digest = hashlib.sha256(stream.read(size)).digest()
    assert digest == hashlib.sha256(expected(size)).digest()
    return sorted(line.replace(b"%d" % size, b"SIZE") for line in head if line[:5] != b"date:")


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_its_response_is_the_same_as_in_one_piece(server: ServerProcess, version: str) -> None:
    whole = head_of(server, LARGE - 1, version)
    assert b"content-length: SIZE\r\n" in whole
    for size in (LARGE, LARGE + SLICE - 1):
        assert head_of(server, size, version) == whole


def test_its_call_is_over_while_it_is_read(server: ServerProcess) -> None:
    with asked(server, HUGE) as connection:
        # Logged whole, its one place free again, and no deadline counts.
        server.wait_for(f"200 {HUGE}B")
        assert server.get("/7") == (200, expected(7))
        time.sleep(1.5 * TIMEOUT)
        assert read_answer(connection) == (200, expected(HUGE))
        connection.sendall(b"GET /5 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, expected(5))
    assert re.search("Traceback|halfway|expired|timeout of", server.log) is None


def test_a_client_that_leaves_takes_nothing_along(server: ServerProcess) -> None:
    def held() -> int:
        return int(server.get("/memory")[1]) * 4096

    with asked(server, HUGE) as connection:
        read_answer(connection)
    before = held()
    for is_read in (False, True, False, True):
        with asked(server, HUGE) as connection:
            if is_read:
                assert read_answer(connection)[0] == 200
            else:
                assert len(connection.recv(2**16)) > 0
    wait_until(lambda: held() < before + HUGE / 2, "the bodies' memory")
    assert re.search("Traceback|halfway", server.log) is None


def test_its_reader_gets_it_all_when_the_server_stops(kind: str, tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    with ServerProcess.start(source, kind) as server, asked(server.ready(), HUGE) as connection:
        assert connection.recv(1) == b"H"
        server.signal()
        wait_until(server.is_refusing, "an end of accepting")
        found = b"H" + b"".join(iter(lambda: connection.recv(2**20), b""))
        assert found.endswith(expected(HUGE)[-SLICE:])
        assert len(found.partition(b"\r\n\r\n")[2]) == HUGE
        assert server.exit_code() == 0
        assert "destroyed" not in server.log


def parts(body: Parts) -> Iterator[bytes]:
    with suppress(StopIteration):
        while True:
            yield next(body)


class Engine:
    """Takes responses as the engine does; it pulls no part before it is let."""

    def __init__(self) -> None:
        self.may_pull = threading.Event()
        self.whole: list[int] = []
        self.pulled: list[list[int]] = []

    def response_bytes(self, status: int, headers: Headers, body: bytes, /) -> None:
        self.whole.append(len(body))

    def response_iter(self, status: int, headers: Headers, body: Parts, /) -> None:
        self.may_pull.wait()
        self.pulled.append([len(part) for part in parts(body)])
        body.close()


def test_slow_readers_hold_no_more_than_a_few_threads() -> None:
    large, engine = LargeBodies(), Engine()
    reply = Reply(200, [HTML], bytes(LARGE + 1))

    def send() -> threading.Thread:
        thread = threading.Thread(target=large.send, args=(engine, reply))
        thread.start()
        return thread

    threads = [send() for _ in range(MOST_AT_ONCE)]
    wait_until(lambda: not large.places, "all places taken")
    send().join()
    assert engine.whole == [LARGE + 1]
    engine.may_pull.set()
    for thread in threads:
        thread.join()
    assert engine.pulled == [[SLICE] * (LARGE // SLICE) + [1]] * MOST_AT_ONCE
    large.send(engine, reply)
    assert (len(engine.pulled), len(engine.whole)) == (MOST_AT_ONCE + 1, 1)
