"""A worker that has no file descriptor left still obeys, and never outlives its parent."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from server_process import KINDS, ServerProcess, is_alive, read_answer, wait_until

if TYPE_CHECKING:
    from pathlib import Path

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
        assert time.monotonic() - start < 3
