"""The parent's children beside its workers: orphans' ends are noted, the metrics are served on."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from support.served_source import served, written
from support.server_process import ServerProcess, is_alive, wait_until

if TYPE_CHECKING:
    from pathlib import Path

LEAVES_ORPHANS = """
import os, subprocess

def states():
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.append(open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[0])
            except OSError:
                pass
    return found

def hello(request):
    if request.path == "/leave":
        subprocess.run(["sh", "-c", "sleep 0.1 &"], check=True)
    return f"{states().count('Z')} of {len(states())}"
"""
AS_FIRST = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]


WITH_PROC_OF_OTHERS = [word for word in AS_FIRST if word != "--mount-proc"]


def can_be_first() -> bool:
    """Whether a process may be made that is the first of its own."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*AS_FIRST, "true"], capture_output=True, check=False).returncode == 0


NEEDS_FIRST = pytest.mark.skipif(
    not can_be_first(), reason="no process can be made the first of its own here"
)


def as_first(prefix: list[str], source: Path) -> ServerProcess:
    command = [*prefix, "--kill-child", sys.executable, "-m", "functions_framework"]
    command += ["--source", str(source), "--target", "hello", "--port", "0", "--host", "127.0.0.1"]
    return ServerProcess.by(command, source.parent)


@NEEDS_FIRST
def test_first_process_notes_the_ends_of_orphans(tmp_path: Path) -> None:
    with as_first(AS_FIRST, written(tmp_path, LEAVES_ORPHANS)) as server:
        server.ready()
        usual = server.get()[1].split()[2]
        for _ in range(5):
            assert server.get("/leave")[0] == 200
        wait_until(lambda: server.get() == (200, b"0 of " + usual), "the orphans' ends", 20)


@NEEDS_FIRST
def test_it_goes_on_where_proc_tells_of_other_processes(tmp_path: Path) -> None:
    """Some sandboxes leave it as it is outside, where the first process is another."""
    with as_first(WITH_PROC_OF_OTHERS, written(tmp_path, LEAVES_ORPHANS)) as server:
        assert server.ready().get("/leave")[0] == 200
        assert "Traceback" not in server.log


def metrics_url(server: ServerProcess) -> str:
    server.wait_for("Metrics on ")
    found = re.search(r"Metrics on (\S+)", server.log)
    assert found
    return found[1]


@pytest.mark.parametrize("flags", [[], ["--reload"]])
def test_metrics_process_that_is_killed_is_replaced(tmp_path: Path, flags: list[str]) -> None:
    pytest.importorskip("prometheus_client")
    text = "import os\ndef hello(request):\n    return str(os.getpid())\n"
    with served(tmp_path, text, "--metrics-port", "0", *flags, target="hello") as (server, _):
        url = metrics_url(server)
        # It is made before all others.
        first = min(server.children())
        assert first != int(server.get()[1])
        assert b"function" in urlopen(url, timeout=10).read()
        os.kill(first, signal.SIGKILL)
        server.wait_for(
            f"The metrics process {first} was ended by SIGKILL (out of memory?); it is replaced."
        )
        assert b"function" in urlopen(url, timeout=10).read()
        wait_until(lambda: not is_alive(first), "the end of what was killed")
        children = server.children()
        server.signal()
        assert server.exit_code() == 0
        wait_until(lambda: not any(map(is_alive, children)), "the end of all")
