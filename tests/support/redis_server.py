"""A real Redis server of a test's own, on a free port; without one on PATH the test is skipped."""

from __future__ import annotations

import shutil
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from support.server_process import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

_BINARY = shutil.which("redis-server") or shutil.which("valkey-server")


class RedisServer:
    """A server that can be stopped and started again.

    Attributes:
        url: its address.
    """

    def __init__(self, flags: tuple[str, ...]) -> None:
        self._port = free_port()
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert _BINARY is not None
        command = [_BINARY, "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen([*command, *self._flags], stdout=subprocess.DEVNULL)
        wait_until(self._is_there, "a Redis server")

    def _is_there(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), 1).close()
        except OSError:
            return False
        return True

    def signal(self, number: int) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextmanager
def redis_server(*flags: str) -> Iterator[RedisServer]:
    """Run a server until the end of the block."""
    if _BINARY is None:
        pytest.skip("NOT TESTED: no redis-server on PATH. Install Debian's package redis-server.")
    server = RedisServer(flags)
    server.start()
    try:
        yield server
    finally:
        server.stop()
