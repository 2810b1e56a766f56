"""A source that begins with gevent's monkey patch: whatever it serves is served as usual."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from support.served_source import served
from support.server_process import KINDS, wait_until

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
from gevent import monkey
monkey.patch_all()
import asyncio
import functions_framework

@functions_framework.http
def plain(request):
    return str(len(request.get_data()))

@functions_framework.http
async def waiting(request):
    if request.url.path == "/sleep":
        await asyncio.sleep(5)
    return str(len(await request.body()))
"""


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_functions_deadlines_slow_senders_and_the_end(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("gevent")
    flags = ["--timeout", "1.5", "--body-timeout", "0.5"]
    with served(tmp_path, SOURCE, *flags, target=kind) as (server, client):
        for _ in range(3):
            assert client.post("/", content=b"abc").text == "3"
        if kind == "waiting":  # a plain def's deadline needs threads that gevent leaves alone
            assert client.get("/sleep").status_code == 504
        late = server.send(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab")
        assert late[0] == 408
        start = time.monotonic()
        server.signal()
        assert server.exit_code() == 0
        assert time.monotonic() - start < 6
        wait_until(server.is_refusing, "its end")


THREADS = """
from gevent import monkey
monkey.patch_all()
import os, time
from functions_framework.runtime.native_threads import start_thread

time.sleep(0.01)  # the main thread's own are there from now on
wait = monkey.get_original("time", "sleep")
counts = []
ended = []
for number in range(1, 6):
    start_thread(lambda: (time.sleep(0.01), ended.append(True)), "waiting")
    while len(ended) < number:
        wait(0.01)
    wait(0.2)
    counts.append(len(os.listdir("/proc/self/fd")))
print(*counts)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts descriptors")
def test_threads_of_the_servers_own_leave_nothing_open() -> None:
    pytest.importorskip("gevent")
    command = [sys.executable, "-c", THREADS]
    found = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout
    assert len(set(found.split())) == 1, found
