"""Shutdown under load: every request is answered, or refused before it was accepted; none is lost.

Clients send as fast as they can, on kept and on fresh connections, and go on after the signal until
no connection is made any more. A request counts as lost when its connection was made and it was
sent, and no whole response came.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from support.server_process import FUNCTIONS, KINDS, ServerProcess, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

CLIENTS = 16
BEFORE_THE_SIGNAL = 2000
REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Client(threading.Thread):
    """Sends requests one after another until it is refused."""

    def __init__(self, server: ServerProcess, *, keeps_alive: bool) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.keeps_alive = keeps_alive
        self.outcomes: Counter[str] = Counter()
        self.reasons: list[str] = []

    def run(self) -> None:
        while True:
            try:
                connection = self.server.connect(1.5)
            except OSError:
                self.outcomes["refused"] += 1
                return
            with connection:
                self._use(connection)

    def _use(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with connection.makefile("rb") as answers:
            while True:
                try:
                    connection.sendall(REQUEST)
                    status = answers.readline()
                    if not status:
                        raise ConnectionError("closed without a response")
                    headers = list(iter(answers.readline, b"\r\n"))
                    if answers.read(12) != b"Hello world!":
                        raise ConnectionError("closed in the middle of the response")
                except OSError as error:
                    self.outcomes["lost"] += 1
                    self.reasons.append(repr(error))
                    return
                self.outcomes["answered" if b" 200 " in status else "failed"] += 1
                if not self.keeps_alive or b"connection: close\r\n" in headers:
                    return


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_no_request_is_lost_when_the_server_is_told_to_stop(
    tmp_path: Path, figure: Callable[[str], None], kind: str, workers: int
) -> None:
    source = tmp_path / "main.py"
    source.write_text(FUNCTIONS)
    with ServerProcess.start(source, kind, "--workers", str(workers)) as server:
        server.ready()
        clients = [Client(server, keeps_alive=number % 2 == 0) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        wait_until(
            lambda: sum(client.outcomes["answered"] for client in clients) >= BEFORE_THE_SIGNAL,
            f"{BEFORE_THE_SIGNAL} answers",
            30,
        )
        start = time.monotonic()
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        took = time.monotonic() - start
        for client in clients:
            client.join(15)
    total = sum((client.outcomes for client in clients), Counter[str]())
    reasons = [reason for client in clients for reason in client.reasons]
    figure(
        f"shutdown under load, {kind}, {workers} worker(s): answered {total['answered']}, "
        f"lost {total['lost']}, ended in {took:.2f} s"
    )
    assert (total["lost"], total["failed"], reasons) == (0, 0, [])
    assert total["refused"] == CLIENTS
    assert took < 6  # of the grace period's eight seconds
