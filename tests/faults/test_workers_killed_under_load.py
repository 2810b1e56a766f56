"""Workers killed again and again while clients send: the server goes on, and only they notice.

What a killed worker was answering is lost, as nobody can answer it any more; everything else is
answered, and the port is never closed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import pytest

from support.server_process import FUNCTIONS, KINDS, ServerProcess, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILLS = 20
CLIENTS = 8


@pytest.mark.parametrize("kind", KINDS)
def test_server_survives_twenty_kills(
    tmp_path: Path, figure: Callable[[str], None], kind: str
) -> None:
    source = tmp_path / "main.py"
    source.write_text(FUNCTIONS)
    with ServerProcess.start(source, kind, "--workers", "2") as server:
        server.ready()
        outcomes = Counter[str]()
        is_over = threading.Event()
        clients = [
            threading.Thread(target=_send, args=(server, outcomes, is_over), daemon=True)
            for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        slowest = 0.0
        for _ in range(KILLS):
            victim = worker_that_answers(server)
            wait_until(lambda: len(server.children()) == 2, "two workers")
            start = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            wait_until(partial(has_two_workers, server, victim), "a replacement")
            slowest = max(slowest, time.monotonic() - start)
        answered = outcomes["answered"]
        wait_until(lambda: outcomes["answered"] > answered + 100, "answers after the last kill")
        is_over.set()
        for client in clients:
            client.join(15)
        server.signal()
        assert server.exit_code() == 0
    figure(
        f"{KILLS} workers killed under load, {kind}: answered {outcomes['answered']}, cut off with "
        f"their worker {outcomes['broken']}, slowest replacement {slowest:.2f} s"
    )
    assert (outcomes["refused"], outcomes["failed"]) == (0, 0)
    assert outcomes["broken"] <= KILLS * CLIENTS
    assert slowest < 1


def worker_that_answers(server: ServerProcess) -> int:
    found: list[int] = []

    def has_answered() -> bool:
        # One that was killed a moment ago may break the connection off.
        with contextlib.suppress(OSError):
            found.append(int(server.get("/pid")[1]))
        return bool(found)

    wait_until(has_answered, "a response")
    return found[0]


def has_two_workers(server: ServerProcess, gone: int) -> bool:
    return len(set(server.children()) - {gone}) == 2


def _send(server: ServerProcess, outcomes: Counter[str], is_over: threading.Event) -> None:
    while not is_over.is_set():
        outcomes[_outcome(server)] += 1


def _outcome(server: ServerProcess) -> str:
    try:
        return "answered" if server.get()[0] == 200 else "failed"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "broken"
