"""500 clients that send their bodies slowly: everybody else is served as if they were not there."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from support.server_process import FUNCTIONS, KINDS, ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SLOW = 500
REQUESTS = 300


@pytest.mark.parametrize("kind", KINDS)
def test_slow_senders_do_not_slow_others(
    tmp_path: Path, figure: Callable[[str], None], kind: str
) -> None:
    source = tmp_path / "main.py"
    source.write_text(FUNCTIONS)
    with ServerProcess.start(source, kind) as server, ExitStack() as stack:
        server.ready()
        slow = [stack.enter_context(server.connect()) for _ in range(SLOW)]
        for connection in slow:
            connection.sendall(b"POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nab")
        times = []
        for number in range(REQUESTS):
            slow[number].sendall(b"c")
            start = time.monotonic()
            assert server.get() == (200, b"Hello world!")
            times.append(time.monotonic() - start)
        p99 = sorted(times)[REQUESTS * 99 // 100]
        figure(f"{SLOW} slow senders, {kind}: {REQUESTS} requests, p99 {p99 * 1000:.0f} ms")
        assert p99 < 1
        for number, connection in enumerate(slow):
            connection.sendall(b"cdefghi"[1 if number < REQUESTS else 0 :])
            assert read_answer(connection) == (200, b"9")
