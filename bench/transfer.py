"""Large bodies: a client that moves them with few copies, as `wrk` counts whole requests only."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import NamedTuple

from .exchange import HOST, Exchange, WrongAnswer
from .processes import on_core, tree

_MIB = 2**20
_PIECE = 65536
_PATIENCE = 120.0
_BLOCK = (b"%x\r\n" % _PIECE + b"x" * _PIECE + b"\r\n") * (_MIB // _PIECE)


class Moved(NamedTuple):
    """What was moved.

    Attributes:
        flow: bytes of body per second.
        seconds: for one request, on average.
    """

    flow: float
    seconds: float


def move(exchange: Exchange, size: int, port: int, core: int, seconds: float) -> Moved:
    """Send one request after the other on one connection, until the time is over.

    Args:
        exchange: the request; a body up has to be whole MiB, and is made here.
        size: bytes of its body, up or down.
        port: where the server listens.
        core: the core this process is kept on meanwhile.
        seconds: how long; the last request is finished.

    Raises:
        WrongAnswer: a response isn't a 200, or its body has another length.
    """
    buffer = memoryview(bytearray(_MIB))
    count = 0
    with on_core(core), socket.create_connection((HOST, port), _PATIENCE) as connected:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        while not count or time.perf_counter() - began < seconds:
            _send(connected, exchange, size)
            _receive(connected, exchange, size, buffer)
            count += 1
        taken = time.perf_counter() - began
    return Moved(count * size / taken, taken / count)


def _send(connected: socket.socket, exchange: Exchange, size: int) -> None:
    head = [f"{exchange.method} {exchange.path} HTTP/1.1", f"Host: {HOST}"]
    if exchange.method == "GET":
        connected.sendall("\r\n".join([*head, "", ""]).encode())
        return
    head.append("Content-Type: application/octet-stream")
    framing = "Transfer-Encoding: chunked" if exchange.is_chunked else f"Content-Length: {size}"
    connected.sendall("\r\n".join([*head, framing, "", ""]).encode())
    block = _BLOCK if exchange.is_chunked else bytes(_MIB)
    for _ in range(size // _MIB):
        connected.sendall(block)
    if exchange.is_chunked:
        connected.sendall(b"0\r\n\r\n")


def _receive(
    connected: socket.socket, exchange: Exchange, size: int, buffer: memoryview[int]
) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        more = connected.recv(65536)
        if not more:
            raise WrongAnswer("the connection ended before a response")
        head += more
    head, _, begun = head.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if b" 200 " not in lines[0] + b" ":
        raise WrongAnswer(f"expected 200, got {lines[0][:60]!r}")
    declared = next((line for line in lines if line.startswith(b"content-length:")), None)
    if declared is not None:
        length = int(declared.partition(b":")[2])
        expected = size if exchange.method == "GET" else len(exchange.answer)
        if length != expected:
            raise WrongAnswer(f"{length} bytes declared, expected {expected}")
        _drain(connected, length - len(begun), buffer)
        return
    _drain_chunks(connected, begun, size, buffer)


def _drain(connected: socket.socket, left: int, buffer: memoryview[int]) -> None:
    while left > 0:
        got = connected.recv_into(buffer[: min(left, len(buffer))])
        if not got:
            raise WrongAnswer(f"the body ended {left} bytes early")
        left -= got


def _drain_chunks(
    connected: socket.socket, begun: bytes, size: int, buffer: memoryview[int]
) -> None:
    """Read up to the last chunk; the framing may take a hundredth of the body's size."""
    total, end = len(begun), begun[-5:]
    while end != b"0\r\n\r\n":
        got = connected.recv_into(buffer)
        if not got:
            raise WrongAnswer("a body in chunks broke off")
        total += got
        end = (end + bytes(buffer[max(0, got - 5) : got]))[-5:]
    if not size <= total <= size * 1.01 + 1024:
        raise WrongAnswer(f"{total} bytes with their framing, expected {size}")


def resident(pid: int, field: str = "VmRSS") -> int:
    """Bytes a process and its descendants hold (`VmRSS`), or have held at most (`VmHWM`)."""
    return sum(
        int(line.split()[1]) * 1024
        for member in tree(pid)
        for line in Path(f"/proc/{member}/status").read_text().splitlines()
        if line.startswith(f"{field}:")
    )


def forget_peak(pid: int) -> None:
    """Set the peaks of a process and its descendants back to what they hold now (proc(5))."""
    for member in tree(pid):
        Path(f"/proc/{member}/clear_refs").write_text("5")
