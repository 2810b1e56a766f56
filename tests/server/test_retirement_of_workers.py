"""Workers that reach their age or grow too large give way to others, and no request is lost."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from functions_framework.runtime.memory import memory_in_use
from support.served_source import written
from support.server_process import FUNCTIONS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once

RETIREMENTS = 4
CLIENTS = 6
GROWTH = """
HELD = []

@functions_framework.http
def growing(request):
    HELD.append(b"x" * 40_000_000)
    return str(os.getpid())
"""


def ask(server: ServerProcess) -> tuple[str, bytes]:
    try:
        status, body = server.get("/pid")
    except OSError as error:
        return repr(error), b""
    return "answered" if status == 200 else str(status), body


def test_no_request_is_lost_when_workers_retire_by_age(
    tmp_path: Path, figure: Callable[[str], None], kind: str
) -> None:
    flags = ["--max-worker-age", "0.6", "--workers", "2"]
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, *flags) as server:
        server.ready()
        is_over = threading.Event()
        outcomes, pids = Counter[str](), set[bytes]()

        def send() -> None:
            while not is_over.wait(0.005):
                outcome, pid = ask(server)
                outcomes[outcome] += 1
                pids.add(pid)

        clients = [threading.Thread(target=send, daemon=True) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        wait_until(lambda: len(pids) >= RETIREMENTS + 2, "further workers", 30)
        is_over.set()
        for client in clients:
            client.join(15)
        server.signal()
        assert server.exit_code() == 0
    lost = sum(outcomes.values()) - outcomes["answered"]
    figure(f"{len(pids) - 2} retirements, {kind}: answered {outcomes['answered']}, lost {lost}")
    assert set(outcomes) == {"answered"}
    assert "is replaced: it has reached the age of 0.6 seconds." in server.log
    assert "Traceback" not in server.log


def test_call_of_a_retiring_worker_may_outlast_the_grace_period(tmp_path: Path, kind: str) -> None:
    flags = ["--max-worker-age", "0.5", "--grace-period", "0.1"]
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, *flags) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/2 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.wait_for("is replaced: ")
            assert read_answer(connection) == (200, b"Hello world!")


def test_server_that_is_told_to_stop_does_not_wait_for_retiring_workers(
    tmp_path: Path, kind: str
) -> None:
    flags = ["--max-worker-age", "0.5", "--grace-period", "0.3"]
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, *flags) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/60 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.wait_for("is replaced: ")
            first = str(server.children()[0]).encode()
            wait_until(lambda: server.get("/pid")[1] != first, "the replacement")
            server.signal()
            assert server.exit_code(4) == 0
    assert f"{kind}: /sleep/60 was ended at shutdown" in server.log


def test_worker_that_grows_too_large_is_replaced(tmp_path: Path) -> None:
    flags = ["--max-worker-memory", "120M"]
    with ServerProcess.start(written(tmp_path, FUNCTIONS + GROWTH), "growing", *flags) as server:
        first = server.ready().get()[1]
        server.get(), server.get()
        server.wait_for(f"Worker {first.decode()} is replaced: it holds more than 120M of memory.")
        wait_until(lambda: first.decode() not in map(str, server.children()), "its end")
        assert server.get()[1] != first


def test_worker_goes_on_where_its_replacement_cannot_be_loaded(tmp_path: Path, kind: str) -> None:
    source = written(tmp_path, FUNCTIONS)
    with ServerProcess.start(source, kind) as server:
        first = server.ready().get("/pid")[1]
        source.write_text("1 / 0\n")
        os.kill(int(first), signal.SIGTERM)
        server.wait_for(f"Worker {first.decode()} is not replaced, and goes on.")
        assert "ZeroDivisionError" in server.log
        assert server.get("/pid") == (200, first)
        source.write_text(FUNCTIONS)
        os.kill(int(first), signal.SIGTERM)
        wait_until(lambda: server.children() != [int(first)], "the replacement")
        wait_until(lambda: server.get("/pid")[1] != first, "its responses")
        server.signal()
        assert server.exit_code() == 0


def test_worker_that_dies_before_its_replacement_is_ready(tmp_path: Path) -> None:
    source = written(tmp_path, FUNCTIONS)
    with ServerProcess.start(source, "plain") as server:
        first = int(server.ready().get("/pid")[1])
        source.write_text("import time\ntime.sleep(0.7)\n" + FUNCTIONS)
        os.kill(first, signal.SIGTERM)
        wait_until(lambda: len(server.children()) == 2, "the replacement")
        os.kill(first, signal.SIGKILL)
        assert server.get("/pid")[1] != str(first).encode()
        assert len(server.children()) == 1


def test_memory_in_use_is_that_of_this_process() -> None:
    before = memory_in_use()
    held = b"x" * 50_000_000
    assert 40_000_000 < memory_in_use() - before < 500_000_000
    assert held
