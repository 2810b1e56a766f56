"""A scrape beside workers that make their files at that moment: whole, or refused with a reason."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from functions_framework.telemetry.exposition import expose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = expose(listener, tmp_path, 1)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield listener.getsockname()[1]
        server.shutdown()
        thread.join()


def ask(port: int) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_a_file_that_is_just_being_made_is_waited_for(port: int, tmp_path: Path) -> None:
    made = tmp_path / f"counter_{os.getpid()}.db"
    made.touch()

    def finish() -> None:
        time.sleep(0.1)
        made.write_bytes((8).to_bytes(4, "little") + bytes(4))

    worker = threading.Thread(target=finish)
    worker.start()
    status, text = ask(port)
    worker.join()
    assert status == 200
    assert "functions_worker_restarts_total 0.0" in text


def test_a_file_that_stays_unreadable_is_a_response(port: int, tmp_path: Path) -> None:
    (tmp_path / f"counter_{os.getpid()}.db").touch()
    status, text = ask(port)
    assert status == 503
    assert "cannot be read; ask again" in text
