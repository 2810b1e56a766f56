"""The engine's threads of an async server interrupt no others; calls are scheduled as usual."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.server_process import ServerProcess

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")

SOURCE = """
import os, subprocess, sys, threading
import functions_framework

def policy():
    return os.sched_getscheduler(0)

@functions_framework.http
async def hello(request):
    thread = []
    started = threading.Thread(target=lambda: thread.append(policy()))
    started.start()
    started.join()
    code = "import os; print(os.sched_getscheduler(0))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return f"{policy()} {thread[0]} {process.stdout}"
"""


def test_only_the_engines_threads_are_changed(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return
    before = os.sched_getscheduler(0)
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", "hello") as server:
        own, thread, process = map(int, server.ready().get()[1].split())
        (worker,) = server.children()
        engine = {os.sched_getscheduler(int(path.name)) for path in tasks_of(worker)}
    assert (own, thread, process) == (before, before, before)
    assert os.SCHED_BATCH in engine


def tasks_of(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def test_a_policy_of_the_users_own_is_kept(tmp_path: Path) -> None:
    if sys.platform == "win32":
        return
    (tmp_path / "main.py").write_text(
        "import os\nos.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))\n" + SOURCE
    )
    with ServerProcess.start(tmp_path / "main.py", "hello") as server:
        own = int(server.ready().get()[1].split()[0])
    assert own == os.SCHED_IDLE
