"""Connections are shared out among the workers of a port, those that serve."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.server.wire import listening
from functions_framework.server.wire.spread import Spread
from support.server_process import KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux does it")

SOURCE = """
import os, time

while os.path.exists("held"):
    time.sleep(0.05)

def plain(request):
    return str(os.getpid())

async def waiting(request):
    return str(os.getpid())
"""
WORKERS = 4
CONNECTIONS = 128
LEAST = 10
"""Of 32: of a million runs three have a worker with fewer."""


def serving(tmp_path: Path, kind: str) -> ServerProcess:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    server = ServerProcess.start(source, kind, "--workers", str(WORKERS))
    server.ready()
    wait_until(lambda: len(workers(server, CONNECTIONS)) == WORKERS, "all workers")
    return server


def workers(server: ServerProcess, connections: int) -> Counter[int]:
    """How many connections each worker takes of some that come at once."""
    with ExitStack() as stack:
        opened = [stack.enter_context(server.connect()) for _ in range(connections)]
        for connection in opened:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        return Counter(int(read_answer(connection)[1]) for connection in opened)


@pytest.mark.parametrize("kind", KINDS)
def test_each_worker_gets_its_share_of_a_burst(tmp_path: Path, kind: str) -> None:
    with serving(tmp_path, kind) as server:
        found = workers(server, CONNECTIONS)
        assert len(found) == WORKERS
        assert min(found.values()) >= LEAST, found


def test_none_goes_to_a_worker_that_has_died(tmp_path: Path) -> None:
    with serving(tmp_path, "plain") as server:
        (tmp_path / "held").touch()
        dead = server.children()[1]
        os.kill(dead, signal.SIGKILL)
        server.wait_for(f"Worker {dead} ")
        found = workers(server, CONNECTIONS)
        assert len(found) == WORKERS - 1
        (tmp_path / "held").unlink()
        wait_until(lambda: len(workers(server, CONNECTIONS)) == WORKERS, "another worker")


def test_a_second_server_is_told_that_the_port_is_in_use(tmp_path: Path) -> None:
    with serving(tmp_path, "plain") as server:
        flags = ["--workers", "2", "--port", str(server.port)]
        with ServerProcess.start(tmp_path / "main.py", "plain", *flags) as second:
            assert second.exit_code() == 1
            assert "the port is in use" in second.log


def test_nor_do_two_share_it_that_start_together() -> None:
    with listening.bind("127.0.0.1", 0) as first:
        with listening.bind("127.0.0.1", first.getsockname()[1]) as second:
            spread = Spread(first, 2)
            with pytest.raises(InvalidConfigurationException, match="the port is in use"):
                Spread(second, 2)
        spread.close()


def test_queues_that_nobody_empties_are_waited_for_at_once() -> None:
    with listening.bind("127.0.0.1", 0) as first, ExitStack() as clients:
        spread = Spread(first, 8)
        listening.listen(first, 100)
        spread.open(100)
        spread.serve(range(8))
        for _ in range(64):
            clients.enter_context(socket.create_connection(first.getsockname()))
        began = time.monotonic()
        spread.refuse_new()
        assert time.monotonic() - began < 1.5
        spread.close()
