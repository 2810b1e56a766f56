"""Chunked bodies (RFC 9112 section 7.1): empty ones are bodies, broken ones are none."""

from __future__ import annotations

import secrets
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from support.body_readers import never_called
from support.server_process import ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "POST {} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
EVENT = "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n"
EMPTY = {
    "the last chunk only": "0\r\n\r\n",
    "several zeros": "000\r\n\r\n",
    "an extension": "0;name=value\r\n\r\n",
    "trailers": "0\r\nx-checksum: 1\r\n\r\n",
}


def _post(path: str, body: str, fields: str = "") -> bytes:
    return (HEAD.format(path) + fields + "\r\n" + body).encode()


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
@pytest.mark.parametrize("shape", EMPTY)
def test_empty_body_is_one_for_an_async_function(
    reader: ServerProcess, path: str, shape: str
) -> None:
    answer = reader.send(_post(path, EMPTY[shape]))
    # The engine's sync side cannot tell it from a broken one.
    assert answer == (200, b"0") if ", async)" in reader.log else answer[0] == 400


@pytest.mark.parametrize("shape", EMPTY)
def test_event_without_data_reaches_its_function(reader: ServerProcess, shape: str) -> None:
    assert reader.send(_post("/event", EMPTY[shape], EVENT))[0] == 200


@contextmanager
def _strangers(port: int) -> Iterator[None]:
    """Clients that connect and hang up all the time."""
    is_over = threading.Event()

    def come_and_go() -> None:
        while not is_over.wait(0.002):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"GET /unread HTTP/1.1\r\nhost: x\r\n\r\n")
                client.recv(4096)

    threads = [threading.Thread(target=come_and_go) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("path", ["/event", "/whole"])
def test_strangers_that_hang_up_have_no_effect(reader: ServerProcess, path: str) -> None:
    body = EMPTY["the last chunk only"] if path == "/event" else "2\r\nab\r\n0\r\n\r\n"
    with _strangers(reader.port):
        answers = {reader.send(_post(path, body, EVENT))[0] for _ in range(20)}
    assert answers == {200}


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/event"])
@pytest.mark.parametrize("sent", ["", "2\r\nab\r\n", "5\r\nab", "0", "0\r\n"])
def test_body_whose_client_hangs_up_is_none(reader: ServerProcess, path: str, sent: str) -> None:
    mark = secrets.token_hex(8)
    with _strangers(reader.port), reader.connect() as client:
        client.sendall(_post(path, sent, f"{EVENT}ce-mark: {mark}\r\n"))
        client.shutdown(socket.SHUT_WR)
        status, body = read_answer(client)
    assert (status, b"cut off" in body) == (400, True)
    assert never_called(reader, mark)


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/event"])
@pytest.mark.parametrize("fields", ["", "trailer: x-checksum\r\n"])
def test_trailers_end_a_body_announced_or_not(
    reader: ServerProcess, path: str, fields: str
) -> None:
    body = "2\r\nab\r\n0\r\nx-checksum: 1\r\n\r\n"
    assert reader.send(_post(path, body, EVENT + fields))[0] == 200


@pytest.mark.parametrize("path", ["/whole", "/pieces", "/event"])
@pytest.mark.parametrize("fields", ["", "trailer: x-checksum\r\n"])
@pytest.mark.parametrize("sent", ["xy\r\n", "2\r\nab\r\nxy\r\n", "2\r\nabc\r\n0\r\n\r\n"])
def test_malformed_chunk_is_not_an_end_for_an_async_function(
    reader: ServerProcess, path: str, fields: str, sent: str
) -> None:
    if ", async)" not in reader.log:
        pytest.skip("what the engine's sync side does not tell is on the page on reliability")
    mark = secrets.token_hex(8)
    sent_all = _post(path, sent, f"{EVENT}{fields}content-type: a/b\r\nce-mark: {mark}\r\n")
    assert reader.send(sent_all)[0] == 400
    assert never_called(reader, mark)
