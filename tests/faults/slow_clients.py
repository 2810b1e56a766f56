"""Thousands of slow clients at once against a real server, by hand; a small storm is in CI.

    PYTHONPATH=tests python tests/faults/slow_clients.py --clients 2500

Senders stop in the middle of a body or send a byte now and then, readers do not read a stream or a
whole response, and others connect and say nothing (over TLS: stop in their handshake). Meanwhile
probes and other calls are made; at the end the server is told to stop while all of them are there.
"""

from __future__ import annotations

import argparse
import socket
import ssl
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from support.server_process import KINDS, ServerProcess, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """
import asyncio
import functions_framework

PART = b"x" * 65536
WHOLE = PART * 4

@functions_framework.http
def plain(request):
    if request.path == "/length":
        return str(len(request.get_data()))
    if request.path == "/stream":
        return (PART for _ in range(10_000))
    return WHOLE if request.path == "/whole" else "Hello world!"

@functions_framework.http
async def waiting(request):
    async def parts():
        for _ in range(10_000):
            yield PART
    if request.url.path == "/length":
        return str(len(await request.body()))
    if request.url.path == "/stream":
        return parts()
    return WHOLE if request.url.path == "/whole" else "Hello world!"
"""
POST = b"POST /length HTTP/1.1\r\nhost: x\r\n"
SENDERS = [
    POST + b"content-length: 100\r\n\r\nabc",
    POST + b"transfer-encoding: chunked\r\n\r\n64\r\nabc",
    POST + b"content-length: 900000\r\n\r\n" + b"x" * 1000,
]
READERS = [b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n", b"GET /whole HTTP/1.1\r\nhost: x\r\n\r\n"]
SILENT = [b"", b"GET / HT", b"PRI * HTTP/2.0\r\n"]
GET = "GET {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
PROBE = "/healthz"


class Figures(NamedTuple):
    """What a storm has shown.

    Attributes:
        connected: slow clients that got their connection.
        times: seconds of each other call and probe, in order.
        failed: what was answered other than 200, or not at all.
        threads: the most that the worker had at once.
        memory: the most bytes it had.
        ended: seconds from SIGTERM to the end.
        code: what the server exited with.
    """

    connected: int
    times: list[float]
    failed: list[str]
    threads: int
    memory: int
    ended: float
    code: int

    def p99(self) -> float:
        """Of the other calls and probes, in seconds."""
        return sorted(self.times)[len(self.times) * 99 // 100]

    def line(self) -> str:
        """All of it, for people."""
        return (
            f"{self.connected} slow clients; {len(self.times)} others: p99 {self.p99():.3f} s, "
            f"slowest {max(self.times):.3f} s, {len(self.failed)} failed; at most {self.threads} "
            f"threads, {self.memory >> 20} MB; ended {self.ended:.2f} s after SIGTERM with "
            f"{self.code}"
        )


class Others(threading.Thread):
    """Everybody else: calls and probes, one after the other, until told to stop."""

    def __init__(self, server: ServerProcess, context: ssl.SSLContext | None) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._context = context
        self._is_over = threading.Event()
        self.times: list[float] = []
        self.failed: list[str] = []

    def run(self) -> None:
        """Call until told to stop."""
        while not self._is_over.wait(0.01):
            for path in ("/", PROBE):
                start = time.monotonic()
                try:
                    found = str(self._get(path)[0])
                except OSError as error:
                    found = repr(error)
                self.times.append(time.monotonic() - start)
                if found != "200":
                    self.failed.append(f"{path} {found}")

    def _get(self, path: str) -> tuple[int, bytes]:
        with self._server.connect() as raw, ExitStack() as stack:
            context = self._context
            wrapped = raw if context is None else stack.enter_context(context.wrap_socket(raw))
            wrapped.sendall(GET.format(path).encode())
            return read_answer(wrapped)

    def stop(self) -> None:
        """No more calls; wait for the last."""
        self._is_over.set()
        self.join(20)


def slow_client(
    server: ServerProcess, request: bytes, context: ssl.SSLContext | None
) -> socket.socket:
    """Connect with little room for a response, and send what there is to be sent."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # As over a network: on loopback, whose segments are large, the kernel holds megabytes for each.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1448)
    connection.settimeout(10)
    connection.connect((server.host, server.port))
    if context is not None:
        connection = context.wrap_socket(connection)
    connection.sendall(request)
    connection.setblocking(False)
    return connection


def stalled_handshake() -> bytes:
    """How a client of TLS begins."""
    context = ssl.create_default_context()
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def unverified() -> ssl.SSLContext:
    """What trusts the certificate of a test."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def requests_of(clients: int) -> Iterator[bytes]:
    """What `clients` slow senders and as many slow readers begin with, mixed."""
    for number in range(clients):
        yield SENDERS[number % len(SENDERS)]
        yield READERS[number % len(READERS)]


def drip(connections: list[socket.socket], seconds: float) -> None:
    """Let every third client send one byte a second."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        due = time.monotonic() + 1
        for connection in connections[::3]:
            with suppress(OSError):
                connection.send(b"x")
        time.sleep(max(0.0, min(due, until) - time.monotonic()))


def most(server: ServerProcess) -> tuple[int, int]:
    """Threads, and the most memory so far, of the first worker."""
    text = Path(f"/proc/{server.children()[0]}/status").read_text()
    threads, memory = (text.partition(name)[2].split()[0] for name in ("Threads:", "VmHWM:"))
    return int(threads), int(memory) * 1024


def storm(server: ServerProcess, clients: int, seconds: float, *, tls: bool = False) -> Figures:
    """Let `clients` of each kind come at once, and stay for so many seconds."""
    context = unverified() if tls else None
    stalled = [stalled_handshake()] if tls else SILENT
    with ExitStack() as stack:
        others = Others(server, context)
        others.start()
        connected: list[socket.socket] = []
        threads = 0
        for number, request in enumerate(requests_of(clients)):
            for said, how in ((request, context), (stalled[number % len(stalled)], None)):
                if how is None and said is not request and number % 2:
                    continue
                with suppress(OSError):
                    made = slow_client(server, said, how)
                    stack.callback(made.close)
                    connected.append(made)
            if number % 500 == 0:
                threads = max(threads, most(server)[0])
        dripping = threading.Thread(target=drip, args=(connected, seconds), daemon=True)
        dripping.start()
        while dripping.is_alive():
            dripping.join(0.5)
            threads = max(threads, most(server)[0])
        others.stop()
        memory = most(server)[1]
        start = time.monotonic()
        server.signal()
        code = server.exit_code(30)
        ended = time.monotonic() - start
    return Figures(len(connected), others.times, others.failed, threads, memory, ended, code)


def main() -> None:
    """Run the storm against each kind of server; print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2500)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--cert", help="PEM file with certificate and key: all of it over TLS")
    given = parser.parse_args()
    flags = ["--health-path", PROBE]
    if given.cert:
        flags += ["--certfile", given.cert, "--keyfile", given.cert]
    for kind in [given.kind] if given.kind else KINDS:
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "main.py"
            source.write_text(SOURCE)
            with ServerProcess.start(source, kind, *flags) as server:
                figures = storm(server.ready(), given.clients, given.seconds, tls=bool(given.cert))
                print(f"{kind}: {figures.line()}")
                for line in figures.failed[:5]:
                    print(f"  {line}")
                for line in server.log.splitlines()[-8:]:
                    print(f"  | {line[:200]}")


if __name__ == "__main__":
    main()
