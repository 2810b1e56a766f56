"""A server under measurement: started on one core, waited for, weighed and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from .contenders import Launch
from .exchange import HOST, WrongAnswer
from .places import LOGS, ROOT


class Cores(NamedTuple):
    """Which core serves and which one loads."""

    server: int
    load: int

    @classmethod
    def choose(cls) -> Cores:
        """The first and the last core this process may use.

        Raises:
            ServerError: there is only one.
        """
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            raise ServerError("two cores are needed: one for the server, one for the load")
        return cls(allowed[0], allowed[-1])


class Patience(NamedTuple):
    """Seconds a server may take to give its first response, and to end."""

    start: float = 60.0
    stop: float = 12.0


PATIENCE = Patience()


class ServerError(Exception):
    """A server did not start, or died."""


class Server(NamedTuple):
    """A server that has given its first right response.

    Attributes:
        process: its first process.
        port: where it listens.
        start_time: seconds from starting the process to that response.
    """

    process: subprocess.Popen[bytes]
    port: int
    start_time: float


@contextlib.contextmanager
def serving(
    launch: Launch, cores: Cores, prefix: Sequence[str] = (), patience: Patience = PATIENCE
) -> Iterator[Server]:
    """Start a server, wait for its first right response, and stop it at the end.

    Args:
        launch: what to start.
        cores: it is kept on the first of them.
        prefix: words before its command (a profiler's, say).
        patience: how long it may take.

    Raises:
        ServerError: it does not answer in time, or dies first.
        WrongAnswer: it answers something else than its case says.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{launch.name}.log"
    port = free_port()
    argv = [*prefix, *(word.replace("{port}", str(port)) for word in launch.argv)]
    with log.open("wb") as output, on_core(cores.server):
        began = time.perf_counter()
        process = subprocess.Popen(
            argv, stdout=output, stderr=output, env=_environ(launch, port), start_new_session=True
        )
    try:
        _await_answer(process, launch, port, began + patience.start, log)
        yield Server(process, port, time.perf_counter() - began)
    finally:
        stop(process, patience.stop)


def stop(process: subprocess.Popen[bytes], limit: float = PATIENCE.stop) -> None:
    """Ask the server to end, and end it with all its children if it does not."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limit)
    # It leads a session of its own, so this reaches what it has left behind and nothing else.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def proportional_memory(pid: int) -> int:
    """Bytes of memory a process and all its descendants take (PSS: shared pages in equal parts)."""
    return sum(_pss(member) for member in tree(pid))


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = parent_in((entry / "stat").read_text())
                children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for member in found:
        found += children.get(member, [])
    return found


def busiest(pid: int) -> int:
    """The process of a tree that has used most processor time: the worker, once it was loaded."""
    return max(tree(pid), key=lambda each: ticks_in(Path(f"/proc/{each}/stat").read_text()))


def used(pid: int) -> float:
    """Seconds of processor time that a process and all its descendants have used."""
    total = 0
    for member in tree(pid):
        for thread in Path(f"/proc/{member}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(thread.read_text().split()[0])
    return total / 1e9


def ticks_in(stat: str) -> int:
    """Clock ticks of processor time in the text of `/proc/<pid>/stat`."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def parent_in(stat: str) -> int:
    """The parent's id in the text of `/proc/<pid>/stat`, whose second field may hold anything."""
    return int(stat.rpartition(")")[2].split()[1])


def pss_in(rollup: str) -> int:
    """Bytes of PSS in the text of `/proc/<pid>/smaps_rollup`."""
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no Pss: line in smaps_rollup: a kernel of 4.14 or later is expected")


def _pss(pid: int) -> int:
    try:
        return pss_in(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except ProcessLookupError:
        return 0  # it ended between the listing and the reading


def _environ(launch: Launch, port: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PORT": str(port)} | dict(launch.environ)


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this process on one core meanwhile, and what it starts for good, at no cost to that."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _await_answer(
    process: subprocess.Popen[bytes], launch: Launch, port: int, deadline: float, log: Path
) -> None:
    """Ask until the first response; a refused or broken connection only means 'not yet'."""
    while True:
        if process.poll() is not None:
            raise ServerError(
                f"{launch.name} ended with {process.returncode}; see {log.relative_to(ROOT)}"
            )
        left = deadline - time.perf_counter()
        if left <= 0:
            raise ServerError(f"{launch.name} did not respond in time; see {log.relative_to(ROOT)}")
        try:
            connected = socket.create_connection((HOST, port), left)
        except OSError:
            continue
        try:
            answer = launch.exchange.send_on(connected)
        except OSError:
            continue
        try:
            launch.exchange.check(answer)
        except WrongAnswer as error:
            raise WrongAnswer(f"{launch.name}: {error}") from None
        return
