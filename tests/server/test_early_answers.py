"""Whose connection is cut after an early response: never one that others use."""

from __future__ import annotations

import socket
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.server.on_threads.early_answers import EarlyAnswers
from functions_framework.server.wire.look import Connection, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel tells")

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    """Two connections, each as its client and as its server have it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = []
        for _ in range(2):
            client = socket.create_connection(listener.getsockname(), 5)
            found.append((client, listener.accept()[0]))
    yield found
    for pair in found:
        for end in pair:
            end.close()


def look(pairs: list[Pair]) -> list[Connection]:
    found = [seen(served.fileno()) for _, served in pairs]
    return [item for item in found if item is not None]


def test_a_connection_in_use_is_not_taken_for_one_that_was_answered(pairs: list[Pair]) -> None:
    (user, used), (stopped, answered) = pairs
    body: Any = object()
    group = EarlyAnswers("127.0.0.1", "HTTP/1.1", set())
    group.add([body], look(pairs), time.monotonic())
    user.sendall(b"request")
    assert used.recv(99) == b"request"
    used.sendall(b"response")
    assert user.recv(99) == b"response"
    # The response to who has stopped is still with the engine.
    assert not group.settle({body}, look(pairs), 0)
    used.sendall(b"another")
    assert user.recv(99) == b"another"
    answered.sendall(b"nothing more came")
    assert stopped.recv(99) == b"nothing more came"
    group.settle({body}, look(pairs), 0)
    assert stopped.recv(99) == b""
    used.sendall(b"one more")
    assert user.recv(99) == b"one more"
