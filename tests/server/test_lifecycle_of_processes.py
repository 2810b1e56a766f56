"""The life of a real server: start-up failures, workers that die, what is left behind."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from support.served_source import HELLO, SLOW_LOAD, written
from support.server_process import (
    FUNCTIONS,
    ServerProcess,
    free_port,
    is_alive,
    read_answer,
    wait_until,
)

if TYPE_CHECKING:
    from pathlib import Path

STOPS = [signal.SIGTERM, signal.SIGINT]


def test_port_in_use_is_one_line_and_exit_1(tmp_path: Path) -> None:
    source = written(tmp_path, FUNCTIONS)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with ServerProcess.start(source, "plain", "--port", str(port)) as server:
            assert server.exit_code() == 1
            assert server.log == (
                f"Error: Cannot listen on 127.0.0.1:{port}: the port is in use. "
                "Choose another with --port or PORT.\n"
            )


def test_unknown_host_is_one_line_and_exit_1(tmp_path: Path) -> None:
    source = written(tmp_path, FUNCTIONS)
    with ServerProcess.start(source, "plain", "--host", "no.such.host.invalid") as server:
        assert server.exit_code(30) == 1
        assert server.log.startswith("Error: Cannot listen on host 'no.such.host.invalid': ")
        assert server.log.count("\n") == 1


@pytest.mark.parametrize("host", ["::1", "[::1]", "::"])
def test_ipv6_hosts_are_served(tmp_path: Path, host: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), "plain", "--host", host) as server:
        server.ready()
        assert f"http://[{host.strip('[]')}]:{server.port}," in server.log
        server.host = "::1"
        assert server.get() == (200, b"Hello world!")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_load_failure_shows_its_traceback_and_exits_1(tmp_path: Path, workers: str) -> None:
    source = written(tmp_path, "def hello(request):\n    pass\nraise ValueError('broken module')\n")
    with ServerProcess.start(source, "hello", "--workers", workers) as server:
        assert server.exit_code() == 1
    assert server.log.count("ValueError: broken module") == 1
    assert f'File "{source}", line 3' in server.log
    assert "functions_framework/" not in server.log


HOOKED = """
import sys

def hook(kind, error, trace):
    print("reported", repr(error), file=sys.stderr)
    sys.__excepthook__(kind, error, trace)

sys.excepthook = hook
raise LookupError("on purpose")
"""


@pytest.mark.parametrize("flags", [[], ["--reload"]], ids=["plain", "reload"])
def test_a_hook_for_exceptions_is_told_of_a_failed_load(flags: list[str], tmp_path: Path) -> None:
    """As of each that ends a program: Sentry reports it."""
    with ServerProcess.start(written(tmp_path, HOOKED), "hello", *flags) as server:
        server.wait_for("LookupError: on purpose")
        if not flags:
            assert server.exit_code() == 1
        assert server.log.count("reported LookupError('on purpose')") == 1
        assert server.log.count("Traceback") == 1
        assert "functions_framework" not in server.log


def test_missing_target_is_one_line_and_exits_1(tmp_path: Path) -> None:
    with ServerProcess.start(written(tmp_path, HELLO), "nope") as server:
        assert server.exit_code() == 1
    assert server.log.startswith("Error: ")
    assert "nope" in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize(("call", "code"), [("3", 3), ("0", 0), ("", 0), ("'bye'", 1)])
def test_sys_exit_at_import_is_the_exit_code(tmp_path: Path, call: str, code: int) -> None:
    source = written(tmp_path, f"import sys\ndef hello(request): ...\nsys.exit({call})\n")
    with ServerProcess.start(source, "hello") as server:
        assert server.exit_code() == code
    said = f"main.py:3 ended the process by sys.exit({code}) while it was loaded.\n"
    assert server.log == ("bye\n" if call == "'bye'" else said)


def test_worker_killed_while_loading_ends_the_server(tmp_path: Path) -> None:
    source = written(tmp_path, "import os\nos.kill(os.getpid(), 9)\n" + HELLO)
    with ServerProcess.start(source, "hello") as server:
        assert server.exit_code() == 1
    assert "ended by SIGKILL (out of memory?) while loading" in server.log


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_killed_worker_is_replaced_without_stopping_the_other(
    tmp_path: Path, kind: str, number: signal.Signals
) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, "--workers", "2") as server:
        server.ready()
        wait_until(lambda: len(_pids(server)) == 2, "both workers answer")
        first, second = server.children()
        os.kill(first, number)
        wait_until(lambda: len(server.children()) == 2 and first not in server.children(), "two")
        assert second in server.children()
        assert server.get() == (200, b"Hello world!")
        guess = " (out of memory?)" if number == signal.SIGKILL else ""
        server.wait_for(f"was ended by {number.name}{guess}; it is replaced.")
        server.signal()
        assert server.exit_code() == 0


def _pids(server: ServerProcess) -> set[bytes]:
    return {server.get("/pid")[1] for _ in range(20)}


def test_terminated_worker_finishes_and_is_replaced(tmp_path: Path, kind: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind) as server:
        server.ready()
        (worker,) = server.children()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/0.5 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            os.kill(worker, signal.SIGTERM)
            assert read_answer(connection) == (200, b"Hello world!")
        wait_until(lambda: worker not in server.children(), "the old worker is gone")
        assert server.get() == (200, b"Hello world!")


def test_replacement_that_cannot_load_ends_the_server(tmp_path: Path) -> None:
    flag = tmp_path / "broken"
    text = f"import pathlib\nif pathlib.Path({str(flag)!r}).exists(): raise ValueError('gone')\n"
    with ServerProcess.start(written(tmp_path, text + HELLO), "hello") as server:
        server.ready()
        flag.touch()
        os.kill(server.children()[0], signal.SIGKILL)
        assert server.exit_code() == 1
    assert server.log.count("ValueError: gone") == 3


def test_workers_leave_when_their_parent_is_killed(tmp_path: Path, kind: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, "--workers", "2") as server:
        server.ready()
        wait_until(lambda: len(_pids(server)) == 2, "both workers answer")
        workers = server.children()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/0.5 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.process.kill()
            assert read_answer(connection) == (200, b"Hello world!")
        wait_until(lambda: not any(map(is_alive, workers)), "the workers are gone")
        assert server.exit_code() == -signal.SIGKILL


def test_loading_worker_leaves_when_its_parent_is_killed(tmp_path: Path) -> None:
    with ServerProcess.start(written(tmp_path, SLOW_LOAD + HELLO), "hello") as server:
        server.wait_for("loading")
        (worker,) = server.children()
        server.process.kill()
        wait_until(lambda: not is_alive(worker), "the worker is gone", 10)
        assert server.exit_code() == -signal.SIGKILL


def test_exit_functions_of_the_module_run(tmp_path: Path) -> None:
    text = "import atexit, sys\natexit.register(lambda: print('exit function', file=sys.stderr))\n"
    with ServerProcess.start(written(tmp_path, text + HELLO), "hello") as server:
        server.ready().signal()
        assert server.exit_code() == 0
    assert server.log.count("exit function") == 1


def test_the_module_is_loaded_in_the_process_that_serves(tmp_path: Path) -> None:
    text = (
        "import os, threading\nAT_IMPORT = os.getpid()\nticks = []\n"
        "thread = threading.Thread(target=ticks.append, args=(1,)); thread.start()\n"
        "def hello(request):\n    return str(AT_IMPORT == os.getpid() and ticks == [1])\n"
    )
    with ServerProcess.start(written(tmp_path, text), "hello") as server:
        assert server.ready().get() == (200, b"True")


def test_connections_are_refused_until_the_function_is_loaded(tmp_path: Path) -> None:
    port = free_port()
    source = written(tmp_path, SLOW_LOAD + HELLO)
    with ServerProcess.start(source, "hello", "--port", str(port)) as server:
        server.wait_for("loading")
        server.port = port
        assert server.is_refusing()


def test_nothing_is_written_into_the_home_directory(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with ServerProcess.start(written(tmp_path, FUNCTIONS), "plain", HOME=str(home)) as server:
        assert server.ready().get() == (200, b"Hello world!")
        server.signal()
        assert server.exit_code() == 0
    assert list(home.iterdir()) == []
