"""A real server in a process of its own, and a client that sends exactly the bytes it is given."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self

_URL = re.compile(r"https?://(\S+):(\d+),")
_PATH = re.compile(r" on unix:(\S+),")
START_SECONDS = 20.0

# One module with each function twice: the same behaviour is asked of both kinds.
FUNCTIONS = """
import asyncio, os, sys, threading, time
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.http
def plain(request):
    path = request.path
    if path == "/pid":
        return str(os.getpid())
    if path.startswith("/sleep/"):
        say("sleeping")
        time.sleep(float(path[7:]))
    if path == "/length":
        return str(len(request.get_data()))
    if path == "/memory":
        return open("/proc/self/status").read()
    if path.startswith("/stream/"):
        def parts():
            try:
                for number in range(int(path[8:])):
                    say("streaming")
                    yield f"part {number}\\n"
                    time.sleep(0.1)
            finally:
                say("stream closed")
        return parts()
    if path == "/broken-stream":
        def parts():
            yield "first part\\n"
            raise ValueError("broken on purpose")
        return parts()
    if path == "/exit":
        sys.exit(3)
    return "Hello world!"

@functions_framework.http
async def waiting(request):
    path = request.url.path
    if path == "/pid":
        return str(os.getpid())
    if path.startswith("/sleep/"):
        say("sleeping")
        await asyncio.sleep(float(path[7:]))
    if path == "/length":
        return str(len(await request.body()))
    if path == "/memory":
        return open("/proc/self/status").read()
    if path.startswith("/stream/"):
        async def parts():
            try:
                for number in range(int(path[8:])):
                    say("streaming")
                    yield f"part {number}\\n"
                    await asyncio.sleep(0.1)
            finally:
                say("stream closed")
        return parts()
    if path == "/broken-stream":
        async def parts():
            yield "first part\\n"
            raise ValueError("broken on purpose")
        return parts()
    if path == "/exit":
        sys.exit(3)
    return "Hello world!"
"""
KINDS = ["plain", "waiting"]


def wait_until(condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
    """Poll until a condition holds; fail with what was waited for."""
    until, pause = time.monotonic() + seconds, 0.002
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(pause)
        # Who asks all the time takes the processor from what is waited for.
        pause = min(pause * 1.5, 0.05)


def is_alive(pid: int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def free_port() -> int:
    """A port that was free a moment ago; for programs that cannot choose one themselves.

    It is none that the system gives to connections, which the tests beside this one make by the
    thousand.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)  # no test seeds this one
        with socket.socket() as found, contextlib.suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


class ServerProcess:
    """`functions-framework` as a user starts it, on a free port.

    Attributes:
        process: the parent process.
        host: where it said it listens.
        port: where it said it listens, 0 before it did.
        path: of the Unix domain socket where it said it listens, None where it is a port.
    """

    def __init__(self, process: subprocess.Popen[str], directory: Path = Path()) -> None:
        self.process = process
        self._directory = directory
        self.host = "127.0.0.1"
        self.port = 0
        self.path: Path | None = None
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def start(
        cls, source: Path, target: str | None, *flags: str, **variables: str
    ) -> ServerProcess:
        """Start and return at once."""
        environ = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "HOME", "VIRTUAL_ENV", "COVERAGE_PROCESS_START"}
        }
        command = [sys.executable, "-m", "functions_framework", "--source", str(source)]
        command += [] if "--uds" in flags else ["--port", "0", "--host", "127.0.0.1"]
        command += [] if target is None else ["--target", target]
        return cls.by([*command, *flags], source.parent, {**environ, **variables})

    @classmethod
    def by(
        cls, command: list[str], directory: Path, environ: dict[str, str] | None = None
    ) -> ServerProcess:
        """Start it by another program, or in surroundings of its own, and return at once."""
        process = subprocess.Popen(
            command,
            env=environ,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=directory,
            # A group of its own: what it leaves behind can be ended with it.
            start_new_session=True,
        )
        return cls(process, directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        # A worker that outlives its parent would hold stderr, and its reader, for ever.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(5)
        # Closing waits for whoever reads.
        if self.process.stderr and not self._reader.is_alive():
            self.process.stderr.close()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.append(line)

    @property
    def log(self) -> str:
        """Everything written to stderr so far."""
        return "".join(self._lines)

    def wait_for(self, text: str, *, times: int = 1, seconds: float = START_SECONDS) -> None:
        """Wait until stderr holds a text."""

        def has_come() -> bool:
            is_over = self.process.poll() is not None and not self._reader.is_alive()
            if is_over and self.log.count(text) < times:
                raise AssertionError(f"ended without saying {text!r}: {self.log}")
            return self.log.count(text) >= times

        wait_until(has_come, f"{text!r} on stderr", seconds)

    def ready(self) -> Self:
        """Wait until it says that it serves."""
        self.wait_for("Serving ")
        if path := _PATH.search(self.log):
            self.path = self._directory / path[1]
            return self
        found = _URL.search(self.log)
        assert found, self.log
        self.host, self.port = found[1].strip("[]"), int(found[2])
        return self

    def signal(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the parent."""
        self.process.send_signal(number)

    def exit_code(self, seconds: float = 10.0) -> int:
        """Wait for the end."""
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def children(self) -> list[int]:
        """The worker processes."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in text.split()]

    def is_refusing(self) -> bool:
        """Whether a new connection is refused."""
        try:
            self.connect(0.3).close()
        except OSError:
            return True
        return False

    def connect(self, seconds: float = 10.0) -> socket.socket:
        """Open a connection."""
        if self.path is None:
            return socket.create_connection((self.host, self.port), seconds)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(seconds)
        try:
            connection.connect(str(self.path))
        except OSError:
            connection.close()
            raise
        return connection

    def get(self, path: str = "/", seconds: float = 10.0) -> tuple[int, bytes]:
        """Send a GET on a connection of its own; return status and body."""
        return self.send(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", seconds)

    def send(self, data: str | bytes, seconds: float = 10.0) -> tuple[int, bytes]:
        """Send bytes as they are; return the status and body of the response."""
        with self.connect(seconds) as connection:
            connection.sendall(data.encode() if isinstance(data, str) else data)
            return read_answer(connection)


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read one response.

    Raises:
        ConnectionError: it is missing or incomplete.
    """
    with connection.makefile("rb") as stream:
        status = stream.readline()
        if not status:
            raise ConnectionError("closed without a response")
        headers = dict(_headers(stream))
        if "content-length" in headers:
            length = int(headers["content-length"])
            body = stream.read(length)
            if len(body) < length:
                raise ConnectionError("closed in the middle of the response")
        elif headers.get("transfer-encoding") == "chunked":
            body = b"".join(_chunks(stream))
        else:
            body = stream.read()
    return int(status.split()[1]), body


def _headers(stream: BinaryIO) -> Iterator[tuple[str, str]]:
    while line := stream.readline().decode().strip():
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    while True:
        line = stream.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed in the middle of the response")
        size = int(line, 16)
        data = stream.read(size)
        stream.readline()
        if size == 0:
            return
        yield data
