"""Signals that tell a real server to stop: idle, while it loads, in a call, in a stream."""

from __future__ import annotations

import os
import re
import signal
import time
from typing import TYPE_CHECKING

import pytest

from support.served_source import HELLO, SLOW_LOAD, written
from support.server_process import FUNCTIONS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

AT_ONCE = 6.0
"""Seconds: less than the grace period of 8, and more than a busy machine takes to end a process."""

STOPS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stop", STOPS)
def test_idle_server_exits_0_at_once(tmp_path: Path, kind: str, stop: int, workers: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, "--workers", workers) as server:
        server.ready()
        with server.connect() as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            assert read_answer(idle)[0] == 200
            start = time.monotonic()
            server.signal(stop)
            assert server.exit_code() == 0
            assert time.monotonic() - start < AT_ONCE
            assert idle.recv(1) == b""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_signal_at_any_moment_of_the_start_exits_at_once(
    tmp_path: Path, kind: str, workers: str
) -> None:
    source = written(tmp_path, "print('loading', file=__import__('sys').stderr)\n" + FUNCTIONS)
    for delay in (0.0, 0.03, 0.05, 0.07, 0.09, 0.11, 0.13, 0.16, 0.2, 0.25):
        with ServerProcess.start(source, kind, "--workers", workers) as server:
            time.sleep(delay)
            start = time.monotonic()
            server.signal()
            code = server.exit_code()
            assert time.monotonic() - start < AT_ONCE
            assert "Traceback" not in server.log
            # Before the command runs at all the signal does what it does to any process.
            assert code in ({0} if server.log else {0, -signal.SIGTERM})


@pytest.mark.parametrize("stop", STOPS)
def test_signal_during_a_slow_load_exits_0_at_once(tmp_path: Path, stop: int) -> None:
    with ServerProcess.start(written(tmp_path, SLOW_LOAD + HELLO), "hello") as server:
        server.wait_for("loading")
        start = time.monotonic()
        server.signal(stop)
        assert server.exit_code() == 0
        assert time.monotonic() - start < AT_ONCE


def test_signal_during_a_load_that_ignores_it_exits_0(tmp_path: Path) -> None:
    source = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLOW_LOAD + HELLO
    with ServerProcess.start(written(tmp_path, source), "hello") as server:
        server.wait_for("loading")
        server.signal()
        assert server.exit_code() == 0


def test_worker_that_becomes_ready_after_the_signal_leaves_at_once(
    tmp_path: Path, kind: str
) -> None:
    ignored = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    late = ignored + "print('loading', file=__import__('sys').stderr)\ntime.sleep(0.2)\n"
    with ServerProcess.start(written(tmp_path, late + FUNCTIONS), kind) as server:
        server.wait_for("loading")
        server.signal()
        assert server.exit_code(AT_ONCE) == 0
        assert "Serving" not in server.log


@pytest.mark.parametrize("stop", STOPS)
def test_request_in_flight_is_answered_after_the_signal(
    tmp_path: Path, kind: str, stop: int
) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/1 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.signal(stop)
            assert read_answer(connection) == (200, b"Hello world!")
        assert server.exit_code(AT_ONCE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stream_in_flight_is_completed_after_the_signal(
    tmp_path: Path, kind: str, workers: str
) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, "--workers", workers) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /stream/10 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("streaming")
            server.signal()
            status, body = read_answer(connection)
        assert (status, body.count(b"part")) == (200, 10)
        assert server.exit_code(AT_ONCE) == 0


# As when a signal comes at the moment in which the main thread begins to wait.
OF_ANOTHER_THREAD = """
import signal, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
"""


def test_an_idle_worker_obeys_a_signal_that_another_thread_got(tmp_path: Path, kind: str) -> None:
    source = written(tmp_path, OF_ANOTHER_THREAD + FUNCTIONS)
    with ServerProcess.start(source, kind) as server:
        (worker,) = server.ready().children()
        os.kill(worker, signal.SIGTERM)
        server.wait_for(f"Worker {worker} is replaced: it was told to stop.")


def test_call_that_outlasts_the_grace_period_is_logged_by_name(tmp_path: Path, kind: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind, "--grace-period", "0.5") as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/30 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            start = time.monotonic()
            server.signal()
            assert server.exit_code() == 0
        assert time.monotonic() - start < AT_ONCE
        assert re.search(
            rf"{kind}: /sleep/30 was ended at shutdown: .*, the grace period is 0\.5", server.log
        )


def test_second_signal_ends_it_at_once(tmp_path: Path, kind: str) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/30 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.signal()
            wait_until(server.is_refusing, "no new connections")
            time.sleep(0.3)  # those that come at once are one
            start = time.monotonic()
            server.signal()
            assert server.exit_code() == 128 + signal.SIGTERM
            assert time.monotonic() - start < AT_ONCE


def test_signals_that_come_at_once_are_one(tmp_path: Path, kind: str) -> None:
    """`timeout` tells the process, and then its group: the call was cut off."""
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/0.6 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            server.signal(signal.SIGINT)
            server.signal(signal.SIGTERM)
            assert read_answer(connection) == (200, b"Hello world!")
        assert server.exit_code() == 0


def test_signals_that_were_held_back_by_who_started_it_count(tmp_path: Path, kind: str) -> None:
    """A mask is handed down: workers obeyed and were replaced for ever, the parent never did."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [*STOPS, signal.SIGCHLD])
    try:
        server = ServerProcess.start(written(tmp_path, FUNCTIONS), kind)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with server:
        server.ready().signal()
        assert server.exit_code() == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_whole_group_ends_an_idle_server_silently(tmp_path: Path, stop: int) -> None:
    source = written(tmp_path, FUNCTIONS)
    for _ in range(6):
        with ServerProcess.start(source, "plain", "--workers", "2") as server:
            server.ready()
            before = server.log
            os.killpg(server.process.pid, stop)
            assert server.exit_code() == 0
            assert server.log == before


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_signal_to_the_whole_group_ends_a_load_with_0(tmp_path: Path, stop: int) -> None:
    with ServerProcess.start(written(tmp_path, SLOW_LOAD + HELLO), "hello") as server:
        server.wait_for("loading")
        os.killpg(server.process.pid, stop)
        assert server.exit_code() == 0
        assert "was ended by" not in server.log


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGHUP])
def test_call_in_flight_is_answered_after_a_signal_to_the_whole_group(
    tmp_path: Path, kind: str, stop: int
) -> None:
    with ServerProcess.start(written(tmp_path, FUNCTIONS), kind) as server:
        server.ready()
        with server.connect() as connection:
            connection.sendall(b"GET /sleep/0.6 HTTP/1.1\r\nhost: x\r\n\r\n")
            server.wait_for("sleeping")
            os.killpg(server.process.pid, stop)
            # Some send one after the other: it isn't a second signal.
            os.killpg(server.process.pid, signal.SIGHUP)
            assert read_answer(connection) == (200, b"Hello world!")
        assert server.exit_code() == 0
    assert "is replaced" not in server.log
