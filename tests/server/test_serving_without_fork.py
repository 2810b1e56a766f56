"""A process that cannot fork (as on Windows) serves by itself, and ends as any other."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.served_source import written
from support.server_process import FUNCTIONS, KINDS, ServerProcess, wait_until

PROGRAM = """
import os, sys
del os.fork
from functions_framework.commands.launch import main
main()
"""


def without_fork(
    directory: Path, kind: str, *options: str, python: tuple[str, ...] = ()
) -> ServerProcess:
    """A server started by a process that has no fork, not yet ready."""
    command = [sys.executable, *python, "-c", PROGRAM, "--target", kind, "--port", "0"]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", *options],
        cwd=directory,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    return ServerProcess(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("kind", KINDS)
def test_signal_ends_it_with_0(tmp_path: Path, kind: str, number: signal.Signals) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with without_fork(tmp_path, kind, "--workers", "2", python=("-X", "dev")) as server:
        server.ready()
        assert server.get() == (200, b"Hello world!")
        with server.connect() as calling:
            calling.sendall(b"GET /sleep/0.5 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.signal(number)
            assert calling.recv(12) == b"HTTP/1.1 200"
        assert server.exit_code() == 0
        wait_until(server.is_refusing, "its end")
        assert "Error" not in server.log
        assert "one worker serves" in server.log


@pytest.mark.skipif(sys.platform != "linux", reason="signals for one thread are Linux's")
@pytest.mark.parametrize("kind", KINDS)
def test_a_signal_counts_whichever_thread_it_comes_to(tmp_path: Path, kind: str) -> None:
    """Nor does it matter what the main thread is about to do, which has the same reason."""
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with without_fork(tmp_path, kind) as server:
        assert server.ready().get() == (200, b"Hello world!")
        pid = server.process.pid
        others = sorted({int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()} - {pid})
        assert ctypes.CDLL(None).tgkill(pid, others[-1], signal.SIGTERM) == 0
        assert server.exit_code() == 0


ENDING = """
import atexit, sys
atexit.register(lambda: print("at exit", file=sys.stderr, end=" "))

class Taken:
    def __del__(self):
        print("taken down", file=sys.stderr, flush=True)

taken = Taken()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_the_interpreter_is_not_taken_down_under_the_engine(tmp_path: Path, kind: str) -> None:
    """Its threads are in Rust and cannot be ended so: the process was aborted now and then."""
    (tmp_path / "main.py").write_text(FUNCTIONS + ENDING)
    with without_fork(tmp_path, kind) as server:
        assert server.ready().get() == (200, b"Hello world!")
        server.signal()
        assert server.exit_code() == 0
        assert "at exit" in server.log
        assert "taken down" not in server.log


WITHOUT = "import os\ndel os.fork\n"


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_reload_restarts_a_child_process(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "site").mkdir()
    # In every process: the child has no fork either.
    (tmp_path / "site" / "sitecustomize.py").write_text(WITHOUT)
    (tmp_path / "app").mkdir()
    text = f"{prefix}def hello(request):\n    return {{!r}}\n"
    source = written(tmp_path / "app", text.format("one"))
    site = str(tmp_path / "site")
    with ServerProcess.start(source, "hello", "--reload", PYTHONPATH=site) as server:
        assert server.ready().get() == (200, b"one")
        source.write_text(text.format("two"))
        server.wait_for("main.py changed: restarting.")
        server.wait_for("Serving hello", times=2)
        assert server.get() == (200, b"two")
        source.write_text("def hello(request:\n")
        server.wait_for("The function is served again once the source is changed.")
        assert "SyntaxError" in server.log
        source.write_text(text.format("three"))
        server.wait_for("Serving hello", times=3)
        assert server.get() == (200, b"three")
        server.signal()
        assert server.exit_code() == 0
        wait_until(server.is_refusing, "its end")
