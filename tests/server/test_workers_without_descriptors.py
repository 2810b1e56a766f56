"""Processes that have no file descriptor left: a worker still obeys, a parent goes on."""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import pytest

from support.server_process import (
    FUNCTIONS,
    KINDS,
    ServerProcess,
    is_alive,
    read_answer,
    wait_until,
)

pytestmark = pytest.mark.once

SOURCE = """
import asyncio, os, resource, sys, time
import functions_framework

HELD = []

def leak():
    # As a function does that never closes its files, only sooner.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 5, most))
    try:
        while True:
            HELD.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        print("no descriptor left", file=sys.stderr, flush=True)

@functions_framework.http
def plain(request):
    leak()
    time.sleep(0.5)
    return "Hello world!"

@functions_framework.http
async def waiting(request):
    leak()
    await asyncio.sleep(0.5)
    return "Hello world!"
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", KINDS)
def test_worker_without_descriptors_finishes_and_leaves(
    tmp_path: Path, kind: str, number: signal.Signals
) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", kind) as server:
        server.ready()
        (worker,) = server.children()
        with server.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("no descriptor left")
            start = time.monotonic()
            server.signal(number)
            assert read_answer(connection) == (200, b"Hello world!")
        assert server.exit_code() == (0 if number == signal.SIGTERM else -number)
        wait_until(lambda: not is_alive(worker), "the end of the worker")
        assert time.monotonic() - start < 6


def limit_descriptors(pid: int, most: int | None) -> None:
    """Let a process open no file any more; None lets it again."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard if most is None else most, hard))


def first_free(pid: int) -> int:
    used = {int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    return min(set(range(len(used) + 1)) - used)


def test_parent_without_descriptors_goes_on(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ServerProcess.start(tmp_path / "main.py", "plain", "--workers", "2") as server:
        server.ready()
        wait_until(lambda: len({server.get("/pid") for _ in range(20)}) == 2, "both workers")
        first, second = server.children()
        limit_descriptors(server.process.pid, first_free(server.process.pid))
        os.kill(first, signal.SIGKILL)
        server.wait_for("No worker can be started: Too many open files; it is tried again.")
        os.kill(second, signal.SIGTERM)
        server.wait_for(f"Worker {second} goes on, as none can be started: Too many open files.")
        assert server.get("/pid") == (200, str(second).encode())
        limit_descriptors(server.process.pid, None)
        wait_until(lambda: len(server.children()) == 2, "a replacement")
        wait_until(lambda: len({server.get("/pid") for _ in range(20)}) == 2, "its responses")
        limit_descriptors(server.process.pid, first_free(server.process.pid))
        server.signal()
        assert server.exit_code() == 0
    assert "Traceback" not in server.log
