"""Standard streams that are closed, full or not read: only lines are lost, the server serves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import logging, sys
import functions_framework

logging.basicConfig(level="INFO")

def say():
    print("printed" * 1000)
    print("said" * 1000, file=sys.stderr, flush=True)
    logging.info("logged")

@functions_framework.http
def plain(request):
    say()
    return {"/crash": None}.get(request.path, "Hello world!") or 1 / 0

@functions_framework.http
async def waiting(request):
    say()
    return {"/crash": None}.get(request.url.path, "Hello world!") or 1 / 0
"""
REDIRECTED = {
    "stderr closed": "2>&-",
    "all closed": "<&- >&- 2>&-",
    "all full": ">/dev/full 2>/dev/full",
    "nobody reads": "2>&1 | true",
}
FLAGS = {"text": [], "json": ["--log-format", "json", "--log-execution-id", "--access-log"]}


class Muted(ServerProcess):
    """A server that says nothing, on a port that was chosen for it."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        super().__init__(process)
        self.port = port

    def is_serving(self) -> bool:
        """Whether it answers."""
        with suppress(OSError):
            return self.get("/", 2) == (200, b"Hello world!")
        return False


@pytest.fixture(params=KINDS)
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    (tmp_path / "main.py").write_text(SOURCE)
    command = [sys.executable, "-m", "functions_framework", "--source", str(tmp_path)]
    return [*command, "--host", "127.0.0.1", "--target", str(request.param)]


@pytest.fixture
def starting() -> Iterator[list[Muted]]:
    servers: list[Muted] = []
    yield servers
    for server in servers:
        server.__exit__()


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("redirected", REDIRECTED)
def test_server_serves(
    command: list[str], starting: list[Muted], redirected: str, flags: str
) -> None:
    port = free_port()
    words = " ".join([*command, "--port", str(port), *FLAGS[flags]])
    exec_ = "" if "|" in REDIRECTED[redirected] else "exec "
    process = subprocess.Popen(
        ["sh", "-c", f"{exec_}{words} {REDIRECTED[redirected]}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    server = Muted(process, port)
    starting.append(server)
    wait_until(server.is_serving, "a response", 20)
    assert server.get("/crash")[0] == 500
    assert server.is_serving()
    os.killpg(process.pid, signal.SIGTERM)
    assert server.exit_code() == (0 if exec_ else -signal.SIGTERM)
    wait_until(server.is_refusing, "its end")


def test_pipe_that_does_not_block_and_is_full_is_waited_for(
    command: list[str], starting: list[Muted]
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    port = free_port()
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stderr=subprocess.PIPE,
        stdout=writing,
        text=True,
        start_new_session=True,
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        server = Muted(process, port)
        starting.append(server)
        wait_until(server.is_serving, "a response", 20)
        wait_until(lambda: not server.is_serving(), "a pipe that is full", 30)
        read = lines.read(40_000)
        wait_until(server.is_serving, "a response after reading", 20)
    assert b"printed" in read
