"""While calls hold all of the engine's threads another is made, so that nobody waits for one.

The engine itself makes one when a request comes, but for requests that come as its last idle
thread takes another one: these would wait until a call ends.
"""

from __future__ import annotations

import re
import ssl
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.server_process import ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads")

TLS = Path(__file__).parent.parent / "data/tls"
SOURCE = """
import os, sys, time

def called(request):
    print("called in", os.getpid(), file=sys.stderr, flush=True)
    time.sleep(60)
    return "done"
"""
SERVERS = {
    "one worker": [],
    "two workers": ["--workers", "2"],
    "a Unix domain socket": ["--uds", "server.sock"],
    "TLS": ["--certfile", str(TLS / "chain.pem"), "--keyfile", str(TLS / "key.pem")],
}


@contextmanager
def request(server: ServerProcess, *, is_secure: bool) -> Iterator[None]:
    """Send a request and hold on to its connection."""
    connection = server.connect()
    if is_secure:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = context.wrap_socket(connection)
    with connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        yield


def threads(pid: int) -> int:
    """How many threads a process has, the same for a moment."""
    while True:
        found = len(list(Path(f"/proc/{pid}/task").iterdir()))
        time.sleep(0.2)
        if found == len(list(Path(f"/proc/{pid}/task").iterdir())):
            return found


@pytest.mark.parametrize("kind", SERVERS)
def test_another_is_made_and_nobody_sees_how(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    flags = [*SERVERS[kind], "--access-log", "--grace-period", "0.1"]
    with ServerProcess.start(source, "called", *flags) as server:
        server.ready()
        before = {pid: threads(pid) for pid in server.children()}
        with request(server, is_secure=kind == "TLS"):
            server.wait_for("called in")
            found = re.search(r"called in (\d+)", server.log)
            assert found
            pid = int(found[1])
            # The first call has the one thread there was.
            wait_until(lambda: threads(pid) > before[pid], "another thread", 20)
            assert server.log.count("called in") == 1
        server.signal()
        server.process.wait(20)
    assert "OPTIONS" not in server.log


def test_nobody_else_is_answered_as_the_server_itself(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    with ServerProcess.start(source, "called", "--access-log") as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"OPTIONS / HTTP/1.1\r\nhost: functions-framework%queue\r\n\r\n")
            assert read_answer(connection)[0] == 400
        server.wait_for("OPTIONS / 400")
