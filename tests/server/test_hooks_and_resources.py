"""Hooks and resources of a real server: when they run, in which order, and how they fail."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support.served_source import refused, served, written
from support.server_process import ServerProcess, wait_until

SOURCE = """
import asyncio
import os
import sys
import threading
import time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

loops = []

@functions_framework.on_startup
def first():
    say("first start", threading.current_thread() is threading.main_thread())

@functions_framework.on_startup
async def second():
    loops.append(asyncio.get_running_loop())
    await asyncio.sleep(0.05)
    say("second start")

@functions_framework.on_shutdown
def third():
    say("first stop")

@functions_framework.on_shutdown
async def fourth():
    say("second stop", asyncio.get_running_loop() is loops[0])

@functions_framework.resource
def pool():
    say("pool opened", os.getpid())
    yield f"pool of {os.getpid()}"
    say("pool closed")

@functions_framework.resource
async def remote():
    say("remote opened")
    yield "remote"
    say("remote closed")

@functions_framework.http
def plain(request):
    if request.path.endswith("slow"):
        say("slow call")
        time.sleep(1)
        say("slow call ended")
    return pool()

@functions_framework.http
async def waiting(request):
    if request.url.path.endswith("slow"):
        say("slow call")
        await asyncio.sleep(1)
        say("slow call ended")
    assert asyncio.get_running_loop() is loops[0]
    return pool() + " and " + await remote()
"""
TARGETS = ["plain", "waiting", "plain,waiting"]


def _positions(log: str, *texts: str) -> list[int]:
    assert [text for text in texts if text not in log] == []
    return [log.index(text) for text in texts]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_hooks_run_in_order_around_serving(
    target: str, number: signal.Signals, tmp_path: Path
) -> None:
    with served(tmp_path, SOURCE, target=target) as (server, client):
        path = "/waiting" if "waiting" in target else "/plain"
        answers = {client.get(path).text for _ in range(3)}
        server.signal(number)
        assert server.exit_code() == 0
        log = server.log
    assert len(answers) == 1
    order = ["first start True", "second start", "Serving", "pool opened", "second stop True"]
    order += ["first stop", "pool closed"]
    if "waiting" in target:
        order.insert(4, "remote opened")
        order.insert(7, "remote closed")
    positions = _positions(log, *order)
    assert positions == sorted(positions)
    assert all(log.count(text) == 1 for text in order), log


@pytest.mark.parametrize("target", ["plain", "waiting"])
def test_a_call_in_flight_ends_before_the_hooks_run(target: str, tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, target=target) as (server, _):
        connection = server.connect()
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        server.wait_for("slow call")
        server.signal(signal.SIGTERM)
        with connection:
            assert b"200" in connection.recv(100)
        assert server.exit_code() == 0
        positions = _positions(server.log, "slow call ended", "second stop", "pool closed")
        assert positions == sorted(positions)


@pytest.mark.parametrize("target", ["plain", "waiting"])
def test_each_worker_has_its_own(target: str, tmp_path: Path) -> None:
    with served(tmp_path, SOURCE, "--workers", "2", target=target) as (server, _):
        server.wait_for("second start", times=2)
        # A connection of its own each: the workers share them out.
        texts: set[bytes] = set()

        def are_both_seen() -> bool:
            texts.add(server.get("/")[1])
            return len(texts) == 2

        wait_until(are_both_seen, "answers of both workers")
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert len(texts) == server.log.count("pool opened") == server.log.count("pool closed")
        assert server.log.count("first stop") == 2


FAILING = """
import sys
import functions_framework

@functions_framework.resource
def pool():
    raise ConnectionError("no database")

@functions_framework.on_startup
{word}def start():
    pool()

@functions_framework.on_startup
def later():
    print("later", file=sys.stderr)

@functions_framework.http
{kind}def hello(request):
    return "x"
"""


@pytest.mark.parametrize("word", ["", "async "])
@pytest.mark.parametrize("kind", ["", "async "])
def test_a_failing_start_ends_the_server_with_its_traceback(
    word: str, kind: str, tmp_path: Path
) -> None:
    code, said = refused(tmp_path, FAILING.format(word=word, kind=kind))
    assert code == 1
    assert said.count("ConnectionError: no database") == 1
    assert 'main.py", line 11, in start' in said
    assert "Serving" not in said
    assert "later" not in said


@pytest.mark.parametrize("kind", ["", "async "])
def test_sigterm_during_a_start_ends_it(kind: str, tmp_path: Path) -> None:
    text = FAILING.format(word="", kind=kind).replace(
        "    pool()",
        "    import time; print('starting', file=sys.stderr, flush=True); time.sleep(60)",
    )
    with ServerProcess.start(written(tmp_path, text), "hello") as server:
        server.wait_for("starting")
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert "Serving" not in server.log


@pytest.mark.parametrize("target", ["plain", "waiting"])
@pytest.mark.parametrize("is_orphan", [False, True], ids=["", "without its parent"])
def test_a_shutdown_hook_that_hangs_is_named_and_left(
    target: str, is_orphan: bool, tmp_path: Path
) -> None:
    text = SOURCE + "\n@functions_framework.on_shutdown\ndef hanging():\n    time.sleep(60)\n"
    with served(tmp_path, text, "--grace-period", "1", target=target) as (server, _):
        (worker,) = server.children()
        server.signal(signal.SIGKILL if is_orphan else signal.SIGTERM)
        server.wait_for("The shut-down hook 'hanging' did not end within the grace period")
        if not is_orphan:
            assert server.exit_code() == 0
        wait_until(lambda: not _is_running(worker), "the worker's end")


def _is_running(pid: int) -> bool:
    # An orphan may wait for somebody to note its end.
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("kind", ["", "async "])
def test_a_failing_shutdown_hook_is_logged_and_the_others_run(kind: str, tmp_path: Path) -> None:
    text = SOURCE + (
        "\n@functions_framework.on_shutdown\n"
        f"{kind}def broken():\n    raise ValueError('cannot stop')\n"
    )
    with served(tmp_path, text, target="plain") as (server, _):
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert "shut-down hook 'broken' failed while the server was stopping" in server.log
        positions = _positions(server.log, "ValueError: cannot stop", "second stop", "first stop")
        assert positions == sorted(positions)
