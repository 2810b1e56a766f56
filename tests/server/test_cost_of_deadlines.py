"""What a deadline costs: the processor time of a sync hello with one, beside the same without."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from server_process import FUNCTIONS, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = 100
ROUNDS = 4
BATCHES = 150
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
LEAST_SHARE = 0.6
"""Of the throughput without a deadline."""


def processor_seconds(server: ServerProcess) -> float:
    (worker,) = server.children()
    fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(server: ServerProcess) -> float:
    """Seconds of the worker's processor time for a round of requests."""
    with server.connect() as connection:
        before = processor_seconds(server)
        for _ in range(BATCHES):
            # Many at once, so that the server has no time to wait.
            connection.sendall(REQUEST * REQUESTS)
            received = b""
            while received.count(b"Hello world!") < REQUESTS:
                received += connection.recv(1 << 20)
        return processor_seconds(server) - before


def test_a_deadline_leaves_most_of_the_throughput(
    tmp_path: Path, figure: Callable[[str], None]
) -> None:
    (tmp_path / "main.py").write_text(FUNCTIONS)
    with ExitStack() as stack:
        servers = [
            stack.enter_context(ServerProcess.start(tmp_path / "main.py", "plain", *flags)).ready()
            for flags in (["--timeout", "0"], ["--timeout", "60"])
        ]
        rounds = [[cost(server) for server in servers] for _ in range(1 + ROUNDS)][1:]
    # Others on the machine make it dearer now and then, never cheaper.
    without, with_one = (min(found) for found in zip(*rounds, strict=True))
    figure(f"a deadline leaves {without / with_one:.0%} of the throughput of a sync hello")
    assert without / with_one > LEAST_SHARE
