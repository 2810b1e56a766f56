"""Standard streams that are closed, full or not read: only lines are lost, the server serves."""

from __future__ import annotations

import io
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
        if process.stderr is None:
            process.stderr = io.StringIO()
        super().__init__(process)
        self.port = port

    def is_serving(self) -> bool:
        """Whether it answers."""
        with suppress(OSError):
            return self.get("/", 2) == (200, b"Hello world!")
        return False

    def another_worker(self, others: list[int]) -> int:
        """Wait until a process answers that isn't one of some others."""
        found: list[int] = []

        def is_answering() -> bool:
            with suppress(OSError):
                found.append(int(self.get("/", 2)[1]))
            return bool(found) and found[-1] not in others

        wait_until(is_answering, "another worker", 20)
        return found[-1]


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


TELLS = "import os\ndef hello(request):\n    return str(os.getpid())\n"


def fill(pipe: int) -> None:
    """Leave no room in a pipe."""
    os.set_blocking(pipe, False)
    for piece in (b" " * 4096, b" "):
        with suppress(BlockingIOError):
            while True:
                os.write(pipe, piece)
    os.set_blocking(pipe, True)


@pytest.mark.parametrize("flags", [[], ["--workers", "2"], ["--reload"]])
def test_parent_goes_on_where_nobody_reads(
    tmp_path: Path, starting: list[Muted], flags: list[str]
) -> None:
    (tmp_path / "main.py").write_text(TELLS)
    reading, writing = os.pipe()
    port = free_port()
    command = [sys.executable, "-m", "functions_framework", "--source", str(tmp_path), *flags]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        stderr=writing,
        stdout=writing,
        text=True,
        start_new_session=True,
    )
    server = Muted(process, port)
    starting.append(server)
    assert b"Serving" in os.read(reading, 4096)
    fill(writing)
    killed: list[int] = []
    for _ in range(3):
        killed.append(server.another_worker(killed))
        os.kill(killed[-1], signal.SIGKILL)
    assert server.another_worker(killed)
    server.signal()
    assert server.exit_code() == 0
    os.close(reading)
    os.close(writing)
