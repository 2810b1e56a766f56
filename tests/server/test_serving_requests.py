"""A real server answers: concurrency, bodies, streams, protocols, on both kinds of function."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from support.served_source import each_kind
from support.server_process import FUNCTIONS, ServerProcess, read_answer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once


SERVERS = each_kind(FUNCTIONS)


def test_answers_a_request(server: ServerProcess) -> None:
    assert server.get() == (200, b"Hello world!")


def test_start_up_line_names_function_url_and_settings(server: ServerProcess) -> None:
    line = server.log.splitlines()[0]
    assert re.fullmatch(
        r"Serving (plain \(http, sync\)|waiting \(http, async\)) on http://127\.0\.0\.1:\d+, "
        r"workers 1, (threads 128, )?timeout none, grace period 8 s",
        line,
    )


def test_a_hundred_calls_run_at_once(server: ServerProcess) -> None:
    start = time.monotonic()
    with ThreadPoolExecutor(100) as clients:
        answers = list(clients.map(server.get, ["/sleep/1"] * 100))
    assert answers == [(200, b"Hello world!")] * 100
    assert time.monotonic() - start < 5  # twenty at once would take as long


def test_sys_exit_in_a_function_is_a_crash_and_the_server_goes_on(
    server: ServerProcess,
) -> None:
    pid = server.get("/pid")
    status, _ = server.get("/exit")
    assert (status, server.get("/pid")) == (500, pid)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_unread_large_body_is_drained_in_bounded_memory(
    server: ServerProcess, framing: str
) -> None:
    size, piece = 200 * 2**20, b"x" * 2**20
    before = _peak_memory(server)
    with server.connect(60) as connection:
        header = f"content-length: {size}" if framing == "length" else "transfer-encoding: chunked"
        connection.sendall(f"POST / HTTP/1.1\r\nhost: x\r\n{header}\r\n\r\n".encode())
        for _ in range(size // len(piece)):
            connection.sendall(
                piece if framing == "length" else b"%x\r\n%s\r\n" % (len(piece), piece)
            )
        if framing == "chunked":
            connection.sendall(b"0\r\n\r\n")
        assert read_answer(connection) == (200, b"Hello world!")
        # The connection is still good for another request.
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert read_answer(connection) == (200, b"Hello world!")
    assert _peak_memory(server) - before < 16 * 2**20


def _peak_memory(server: ServerProcess) -> int:
    found = re.search(rb"VmHWM:\s+(\d+) kB", server.get("/memory")[1])
    assert found
    return int(found[1]) * 1024


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"content-length: 10\r\n\r\nabc", id="shorter than its Content-Length"),
        pytest.param(
            b"content-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
            id="chunked without its last chunk",
        ),
        pytest.param(
            b"content-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
            id="bad chunk size",
        ),
        pytest.param(
            b"content-length: 3\r\ncontent-type: a/b\r\ntransfer-encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n",
            id="cut off with both lengths",
        ),
    ],
)
def test_body_that_breaks_off_never_looks_whole(server: ServerProcess, sent: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /length HTTP/1.1\r\nhost: x\r\n" + sent)
        connection.shutdown(socket.SHUT_WR)
        try:
            status, body = read_answer(connection)
        except ConnectionError:
            return
    assert (status, b"cut off" in body) == (400, True)


@pytest.mark.parametrize(
    ("sent", "length"),
    [
        (b"content-length: 3\r\n\r\nabc", b"3"),
        (b"content-length: 0\r\n\r\n", b"0"),
        (b"\r\n", b"0"),
        (b"transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"5"),
        (
            b"trailer: x-a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-a: b\r\n\r\n",
            b"3",
        ),
    ],
)
def test_whole_bodies_are_handed_over(server: ServerProcess, sent: bytes, length: bytes) -> None:
    answer = server.send(b"POST /length HTTP/1.1\r\nhost: x\r\n" + sent)
    assert answer == (200, length)


def test_smuggling_both_lengths_never_runs_a_second_request(server: ServerProcess) -> None:
    smuggled = b"GET /sleep/0 HTTP/1.1\r\nhost: x\r\n\r\n"
    head = (
        b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n"
        b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(smuggled))
    )
    before = server.log.count("sleeping")
    with server.connect() as connection:
        connection.sendall(head + smuggled)
        with connection.makefile("rb") as stream:
            everything = stream.read()
    assert everything.count(b"HTTP/1.1 ") == 1
    assert server.log.count("sleeping") == before


def test_streams_part_by_part(server: ServerProcess) -> None:
    assert server.get("/stream/3") == (200, b"part 0\npart 1\npart 2\n")


def test_stream_that_fails_halfway_is_cut_and_logged_once(server: ServerProcess) -> None:
    before = server.log.count("broken on purpose")
    with pytest.raises(ConnectionError):
        server.get("/broken-stream")
    server.wait_for("broken on purpose", times=before + 1)
    assert server.get() == (200, b"Hello world!")
    assert server.log.count("ValueError: broken on purpose") == before + 1


def test_stream_is_closed_when_its_client_goes(server: ServerProcess) -> None:
    before = server.log.count("stream closed")
    with server.connect() as connection:
        connection.sendall(b"GET /stream/1000 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert connection.recv(100)
    server.wait_for("stream closed", times=before + 1)
    assert server.get()[0] == 200


@pytest.mark.parametrize("size", [10, 900_000])
def test_body_that_a_stream_leaves_unread_costs_no_connection(
    server: ServerProcess, size: int
) -> None:
    with server.connect() as connection:
        for _ in range(2):
            head = f"POST /stream/2 HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n\r\n"
            connection.sendall(head.encode() + b"x" * size)
            assert read_answer(connection) == (200, b"part 0\npart 1\n")
            time.sleep(0.05)  # the engine would end it now


def test_pipelined_requests_are_answered_in_order(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(
            b"GET /sleep/0.1 HTTP/1.1\r\nhost: x\r\n\r\n"
            b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nab"
            b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        with connection.makefile("rb") as stream:
            everything = stream.read()
    assert re.findall(rb"\r\n\r\n(Hello world!|2)", everything) == [
        b"Hello world!",
        b"2",
        b"Hello world!",
    ]


def test_expect_100_continue_is_honoured(server: ServerProcess) -> None:
    with server.connect() as connection:
        connection.sendall(
            b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"abc")
        assert read_answer(connection) == (200, b"3")


def test_absolute_form_target_reaches_the_function(server: ServerProcess) -> None:
    answer = server.send(b"GET http://example.com/pid HTTP/1.1\r\nhost: x\r\n\r\n")
    assert answer[1].isdigit()


def test_large_headers_pass(server: ServerProcess) -> None:
    token = "t" * 16 * 1024
    answer = server.send(f"GET / HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n")
    assert answer == (200, b"Hello world!")


def test_idle_connections_do_not_keep_others_out(server: ServerProcess) -> None:
    idle = [server.connect() for _ in range(400)]
    try:
        assert server.get() == (200, b"Hello world!")
    finally:
        for connection in idle:
            connection.close()


def test_slow_senders_do_not_take_the_places_of_others(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", "plain", "--threads", "2") as server:
        server.ready()
        slow = [server.connect() for _ in range(20)]
        for connection in slow:
            connection.sendall(b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab")
        assert server.get("/", 2) == (200, b"Hello world!")
        for connection in slow:
            connection.sendall(b"cde")
            assert read_answer(connection) == (200, b"5")
            connection.close()


@pytest.mark.parametrize("framing", ["content-length: 9", "transfer-encoding: chunked"])
def test_body_that_breaks_off_unread_is_not_a_crash_of_an_error_page(
    tmp_path: Path, framing: str
) -> None:
    """405 is answered by Flask's way of error pages, which takes the rest of the body off."""
    source = (
        "import functions_framework\n"
        "@functions_framework.event\ndef event(data, context): pass\n"
        "@functions_framework.http\ndef http(request): return 'Hello world!'\n"
    )
    (tmp_path / "main.py").write_text(source)
    with ServerProcess.start(tmp_path / "main.py", None) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(f"PUT /event HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n2".encode())
            connection.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                assert read_answer(connection)[0] == 405
        assert server.get("/http") == (200, b"Hello world!")
        assert "Traceback" not in server.log
