"""A system that leaves few threads: calls wait for one, none is lost; without any it is said."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.served_source import written
from support.server_process import ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux"),
]

SOURCE = """
import asyncio, time
import functions_framework

@functions_framework.http
def plain(request):
    time.sleep(0.2)
    return "Hello world!"

@functions_framework.http
async def waiting(request):
    await asyncio.sleep(0.2)
    return "Hello world!"
"""
CALLS = 120
BEGIN = """
import os, resource, sys
limit, most, *command = sys.argv[1:]
resource.setrlimit(getattr(resource, limit), (int(most), int(most)))
os.execv(command[0], command)
"""
MEGABYTE = 2**20


@contextmanager
def below(prefix: list[str], source: Path, *flags: str) -> Iterator[ServerProcess]:
    """A server that a command starts which bounds it."""
    command = [sys.executable, "-m", "functions_framework", "--source", str(source)]
    with ServerProcess(
        subprocess.Popen(
            [*prefix, *command, "--host", "127.0.0.1", "--port", "0", *flags],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=source.parent,
            start_new_session=True,
        )
    ) as server:
        yield server


def bounded(limit: str, most: int) -> list[str]:
    return [sys.executable, "-c", BEGIN, limit, str(most)]


def of_another_user(most: int) -> list[str]:
    """As a user whose processes are bounded; root's are not."""
    if os.getuid() or not (setpriv := shutil.which("setpriv")):
        pytest.skip("needs root, who becomes a user that has no other process")
    user, reads = str(40_000 + secrets.randbelow(10_000)), "+dac_read_search"
    becomes = [setpriv, "--reuid", user, "--clear-groups", "--inh-caps", reads]
    return [*becomes, "--ambient-caps", reads, *bounded("RLIMIT_NPROC", most)]


@contextmanager
def in_group(most: int) -> Iterator[list[str]]:
    """In a control group of a few processes, as containers are."""
    above = next(
        (
            found
            for found in (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup"))
            if os.access(found / "cgroup.procs", os.W_OK)
            and (found.name == "pids" or "pids" in (found / "cgroup.subtree_control").read_text())
        ),
        None,
    )
    if above is None:
        pytest.skip("needs a control group to make another in")
    group = above / f"few-{secrets.token_hex(4)}"
    group.mkdir()
    try:
        (group / "pids.max").write_text(str(most))
        join = f'echo $$ > {group}/cgroup.procs; exec "$@"'
        yield ["sh", "-c", join, "sh"]
    finally:
        group.rmdir()


@contextmanager
def limits(kind: str) -> Iterator[list[str]]:
    if kind == "group":
        with in_group(40) as prefix:
            yield prefix
    elif kind == "user":
        yield of_another_user(40)
    else:
        yield bounded("RLIMIT_AS", 500 * MEGABYTE)


@pytest.mark.parametrize("limit", ["group", "user", "memory"])
@pytest.mark.parametrize("target", ["plain", "waiting", "plain,waiting"])
def test_every_call_is_answered(tmp_path: Path, target: str, limit: str) -> None:
    source = written(tmp_path, SOURCE)
    tmp_path.chmod(0o755)
    path = "/plain" if "," in target else "/"
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
    with limits(limit) as prefix, below(prefix, source, "--target", target) as server:
        server.ready()
        with ExitStack() as stack:
            connections = [stack.enter_context(server.connect(20)) for _ in range(CALLS)]
            for connection in connections:
                connection.sendall(request)
            answers = [read_answer(connection) for connection in connections]
        assert answers == [(200, b"Hello world!")] * CALLS
        server.signal()
        assert server.exit_code() == 0
    assert "Traceback" not in server.log
    assert "Warning: The system leaves few threads (" in server.log
    assert "SIGABRT" not in server.log


@pytest.mark.parametrize("flags", [[], ["--workers", "2"], ["--reload"]])
@pytest.mark.parametrize("most", [2, 5])
def test_too_few_end_the_start_in_one_line(tmp_path: Path, most: int, flags: list[str]) -> None:
    source = written(tmp_path, SOURCE)
    prefix = of_another_user(most)
    with below(prefix, source, "--target", "plain", *flags) as server:
        assert server.exit_code(20) == 1
    (line,) = server.log.splitlines()
    assert line.startswith("Error: The system leaves too few threads to serve with workers ")
    assert f"(ulimit -u {most})" in line


TAKES_ALL = """
import os, resource
pages = open(f"/proc/{os.getppid()}/statm").read().split()[0]
most = int(pages) * os.sysconf("SC_PAGE_SIZE") + 70 * 2**20
resource.prlimit(os.getppid(), resource.RLIMIT_AS, (most, most))
resource.prlimit(0, resource.RLIMIT_AS, (most, most))

def hello(request):
    return ""
"""


@pytest.mark.parametrize("flags", [[], ["--reload"]])
def test_too_few_after_the_load_end_the_server(tmp_path: Path, flags: list[str]) -> None:
    with ServerProcess.start(written(tmp_path, TAKES_ALL), "hello", *flags) as server:
        assert server.exit_code(20) == 1
    assert 0 < server.log.count("Error: The system leaves too few threads to serve") <= 3
    assert len(server.log.splitlines()) <= 6
    assert "Traceback" not in server.log


HOLDS_ALL = """
import sys, threading, time

def hello(request):
    leaving = [threading.Thread(target=time.sleep, args=(0.3,)) for _ in range(LEAVING)]
    for thread in leaving:
        thread.start()
    try:
        while True:
            threading.Thread(target=time.sleep, args=(8,), daemon=True).start()
    except RuntimeError:
        for thread in leaving:
            thread.join()
    time.sleep(3)
    return "Hello world!"
"""


@pytest.mark.parametrize("leaving", [0, 1])
def test_a_call_that_holds_all_is_answered(tmp_path: Path, leaving: int) -> None:
    # The server asks the engine whether it has a thread for another call: it would be refused it.
    source = written(tmp_path, HOLDS_ALL.replace("LEAVING", str(leaving)))
    tmp_path.chmod(0o755)
    with below(of_another_user(60), source, "--target", "hello") as server:
        server.ready()
        with server.connect(20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert read_answer(connection) == (200, b"Hello world!")
    assert "thread" not in server.log.partition("Serving")[2].partition("\n")[2]
