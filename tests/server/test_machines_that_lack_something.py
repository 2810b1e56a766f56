"""Machines without /proc, and paths that aren't UTF-8: the server serves, restarts and stops."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.served_source import save, written
from support.server_process import FUNCTIONS, KINDS, ServerProcess, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes from Linux"),
]

HIDE = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
HELLO = "def hello(request):\n    return {!r}\n"


def can_hide() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*HIDE, "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_hide(), reason="this system lets nobody hide /proc")
@pytest.mark.parametrize("flags", [[], ["--workers", "2"], ["--max-worker-memory", "1G"]])
@pytest.mark.parametrize("target", [*KINDS, "plain,waiting"])
def test_nothing_is_amiss_without_proc(tmp_path: Path, target: str, flags: list[str]) -> None:
    source = written(tmp_path, FUNCTIONS)
    command = [*HIDE, sys.executable, "-m", "functions_framework", "--source", str(source)]
    command += ["--target", target, "--port", "0", "--host", "127.0.0.1", *flags]
    with ServerProcess.by(command, tmp_path) as server:
        server.ready()
        path = "/plain" if "," in target else "/"
        assert server.get(path) == (200, b"Hello world!")
        server.signal()
        assert server.exit_code() == 0
        (line,) = server.log.splitlines()
        assert line.startswith("Serving ")


@pytest.mark.parametrize("flag", ["--reload", "--debug"])
def test_a_directory_whose_name_is_not_utf8_is_watched(tmp_path: Path, flag: str) -> None:
    directory = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        directory.mkdir()
    except OSError:
        pytest.skip("this file system takes text alone")
    source = written(directory, HELLO.format("one"))
    with ServerProcess.start(source, "hello", flag) as server:
        server.ready()
        assert server.get() == (200, b"one")
        save(source, HELLO.format("two"))
        wait_until(lambda: server.get() == (200, b"two"), "the change", 20)
        server.signal()
        assert server.exit_code() == 0
    assert "Traceback" not in server.log


FORBIDDEN = 0
BOUND = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
"""Root may read everything, unless it can't get the right to: its own files then forbid it too."""


def bound(cwd: Path, *flags: str) -> ServerProcess:
    """A server that permissions hold for, whoever runs the tests."""
    if not os.getuid() and shutil.which("setpriv") is None:
        pytest.skip("permissions don't hold for root")
    command = [*([] if os.getuid() else BOUND), sys.executable, "-m", "functions_framework"]
    # The directory is entered before it is forbidden or removed.
    process = subprocess.Popen(
        ["sh", "-c", 'echo >&2; read go; exec "$@"', "sh", *command, "--port", "0", *flags],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
        start_new_session=True,
    )
    assert process.stderr is not None
    process.stderr.readline()
    return ServerProcess(process)


def let_go(server: ServerProcess) -> None:
    assert server.process.stdin is not None
    with server.process.stdin as go:
        go.write("\n")


@pytest.mark.parametrize("flags", [[], ["--reload"], ["--debug"], ["--reload-poll"]])
def test_directories_that_may_not_be_read_are_passed_over(tmp_path: Path, flags: list[str]) -> None:
    """A working directory of somebody else's, and the files of a database beside the source."""
    source = written(tmp_path, HELLO.format("one"))
    elsewhere, database = tmp_path / "elsewhere", tmp_path / "database"
    elsewhere.mkdir()
    database.mkdir()
    with bound(elsewhere, "--host", "127.0.0.1", "--source", str(source), *flags) as server:
        elsewhere.chmod(FORBIDDEN)
        database.chmod(FORBIDDEN)
        try:
            let_go(server)
            server.ready()
            assert server.get() == (200, b"one")
            if flags:
                save(source, HELLO.format("two"))
                wait_until(lambda: server.get() == (200, b"two"), "the change", 20)
            server.signal()
            assert server.exit_code() == 0
        finally:
            elsewhere.chmod(0o700)
            database.chmod(0o700)
    assert "Traceback" not in server.log
    assert "Warning" not in server.log


@pytest.mark.parametrize("flags", [[], ["--reload"]])
@pytest.mark.parametrize("what", ["file", "directory", "removed"])
def test_a_source_that_may_not_be_read_is_one_line(
    tmp_path: Path, what: str, flags: list[str]
) -> None:
    directory = tmp_path / "source"
    directory.mkdir()
    source = written(directory, HELLO.format("one"))
    named = ["--target", "hello", *([] if what == "removed" else ["--source", str(source)])]
    with bound(directory, *named, *flags) as server:
        if what == "removed":
            shutil.rmtree(directory)
        else:
            (source if what == "file" else directory).chmod(FORBIDDEN)
        try:
            let_go(server)
            assert server.exit_code(20) == 1
        finally:
            if what != "removed":
                directory.chmod(0o700)
    (line,) = server.log.splitlines()
    assert line.startswith("Error: ")
    assert "cannot be read: " in line
