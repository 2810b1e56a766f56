"""This server and those it is compared with, each a process on a port of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from support.server_process import ServerProcess, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent

_OWN = """
import functions_framework
from {module} import answer

@functions_framework.http
{kind} serve(request):
    return {wait} answer(request)
"""
_FLASK, _STARLETTE = "sync_functions:application()", "async_functions:application"


def _gunicorn(port: int) -> list[str]:
    flags = ["--worker-class", "gthread", "--threads", "8", "--keep-alive", "30"]
    return ["gunicorn", "--bind", f"127.0.0.1:{port}", *flags, _FLASK]


def _uvicorn(port: int) -> list[str]:
    flags = ["--http", "h11", "--lifespan", "off", "--log-level", "critical"]
    return ["uvicorn", "--port", str(port), *flags, _STARLETTE]


def _hypercorn(port: int) -> list[str]:
    return ["hypercorn", "--bind", f"127.0.0.1:{port}", _STARLETTE]


PEERS = {"gunicorn": _gunicorn, "uvicorn": _uvicorn, "hypercorn": _hypercorn}


@contextlib.contextmanager
def own_server(directory: Path, *, is_async: bool) -> Iterator[int]:
    """Serve the functions with this server; gives its port."""
    words = (
        {"module": "async_functions", "kind": "async def", "wait": "await"}
        if is_async
        else {"module": "sync_functions", "kind": "def", "wait": ""}
    )
    source = directory / "main.py"
    source.write_text(_OWN.format(**words), encoding="utf-8")
    with ServerProcess.start(source, "serve", PYTHONPATH=str(HERE)) as server:
        yield server.ready().port


@contextlib.contextmanager
def peer_server(name: str) -> Iterator[int]:
    """Serve the functions with another server; gives its port."""
    port = free_port()
    command, *arguments = PEERS[name](port)
    process = subprocess.Popen(
        [sys.executable, "-m", command, *arguments],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: _listens(port), f"{name} on {port}", seconds=30)
        yield port
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
