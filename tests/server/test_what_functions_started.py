"""Processes and threads that functions start: signals reach them, and a shutdown lets them end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from support.served_source import Served, each_kind, refused, served
from support.server_process import KINDS

if TYPE_CHECKING:
    from pathlib import Path

    Servers = dict[str, Served]

SOURCE = """
    import atexit, logging, multiprocessing, os, signal, subprocess, sys, threading, time
    from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
    from urllib.parse import urlsplit
    import functions_framework

    forking = multiprocessing.get_context("fork")
    processes = ProcessPoolExecutor(1, mp_context=forking)
    threads = ThreadPoolExecutor(1)

    def say(*words):
        print(*words, file=sys.stderr, flush=True)

    atexit.register(lambda: say("exit function"))

    def later(name):
        time.sleep(1)
        say(name, "finished")

    def for_ever():
        while True:
            time.sleep(0.05)

    def ended(process):
        process.start()
        process.terminate()
        process.join(10)
        return process.exitcode

    def interrupted(given):
        program = subprocess.Popen(given, stdout=subprocess.PIPE)
        program.stdout.readline()
        program.send_signal(signal.SIGINT)
        return program.wait(10)

    def run(path):
        if path == "/pid":
            return os.getpid()
        if path == "/pool":
            with forking.Pool(1) as pool:
                return pool.map(len, ["ab"])
        if path == "/fork":
            logging.info("forking")  # notes which thread this is
            process = forking.Process(target=say, args=["forked"])
            process.start()
            process.join(10)
            return process.exitcode
        if path == "/terminate":
            return ended(forking.Process(target=time.sleep, args=(20,), daemon=True))
        if path == "/interrupt":
            return interrupted(["sh", "-c", "echo; exec sleep 20"])
        if path == "/processes":
            return processes.submit(len, "ab").result()
        if path == "/threads":
            threads.submit(later, "job")
        if path == "/thread":
            threading.Thread(target=later, args=["thread"]).start()
        if path == "/for-ever":
            threading.Thread(target=for_ever, name="heartbeat").start()
        if path == "/daemon":
            threading.Thread(target=for_ever, daemon=True).start()
        return 1

    @functions_framework.http
    def plain(request):
        return str(run(urlsplit(str(request.url)).path))

    @functions_framework.http
    async def waiting(request):
        return plain(request)
"""
SERVERS = each_kind(SOURCE)
BESIDE = "plain beside async ones"
SIGTERM, SIGINT = "-15", "-2"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("path", "result"),
    [("/terminate", SIGTERM), ("/interrupt", SIGINT), ("/pool", "[2]"), ("/fork", "0")],
)
def test_processes_end_as_they_should_and_the_worker_stays(
    path: str, result: str, kind: str, servers: Servers
) -> None:
    server, client = servers[kind]
    worker = client.get("/pid").text
    assert client.get(path).text == result
    assert client.get("/pid").text == worker
    assert "replaced" not in server.log


@pytest.mark.parametrize("kind", [*KINDS, BESIDE])
@pytest.mark.parametrize(
    ("path", "said"),
    [("/processes", ""), ("/threads", "job finished"), ("/thread", "thread finished"),
     ("/daemon", "")],
)  # fmt: skip
def test_a_shutdown_waits_for_what_the_interpreter_waits_for(
    path: str, said: str, kind: str, tmp_path: Path
) -> None:
    flags = ["--asgi"] if kind == BESIDE else []
    target = "plain" if kind == BESIDE else kind
    with served(tmp_path, SOURCE, *flags, target=target) as (server, client):
        client.get(path)
        server.signal()
        begun = time.monotonic()
        assert server.exit_code() == 0
    assert time.monotonic() - begun < 6  # of the grace period's eight seconds
    assert f"{said}\nexit function" in f"\n{server.log}"


@pytest.mark.parametrize("flags", [["--grace-period", "1"], ["--reload"]], ids=" ".join)
def test_threads_that_never_end_are_named_and_left(flags: list[str], tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, *flags, target="plain") as (server, client):
        client.get("/for-ever")
        server.signal()
        begun = time.monotonic()
        assert server.exit_code() == 0
    assert time.monotonic() - begun < 6
    assert (
        "Threads of the functions were ended at shutdown: heartbeat.\nexit function" in server.log
    )


def test_a_source_that_fails_after_it_made_processes_ends_the_command(tmp_path: Path) -> None:
    failing = SOURCE + "    processes.submit(len, 'ab').result()\n    raise ValueError\n"
    code, log = refused(tmp_path, failing, target="plain")
    assert (code, "exit function" in log) == (1, True)
