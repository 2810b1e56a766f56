"""Granian's private API has the shape `server.engine` relies on.

When one of these fails after an upgrade, Granian has moved something: adapt `server/engine.py` (and
the readers of bodies), then this file, or keep the older Granian by the bound in pyproject.toml.
"""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import version

import pytest

from functions_framework.server.wire import granian

GRANIAN = granian.load()
ARGUMENTS = {
    "worker_id", "sock", "ipc", "threads", "blocking_threads", "py_threads",
    "py_threads_idle_timeout", "backpressure", "http_mode", "http1_opts", "http2_opts",
    "ssl_enabled", "ssl_cert", "ssl_key", "ssl_key_password", "ssl_protocol_min", "ssl_ca",
    "ssl_crl", "ssl_client_verify", "metrics",
}  # fmt: skip
MOVED = f"Granian {version('granian')} has moved it: adapt server/engine.py"


@pytest.mark.parametrize(
    ("worker", "serve"),
    [
        ("WSGIWorker", "serve_mtr"),
        ("WSGIWorker", "serve_mtr_uds"),
        ("ASGIWorker", "serve_str"),
        ("ASGIWorker", "serve_str_uds"),
    ],
)
def test_workers_take_these_arguments(worker: str, serve: str) -> None:
    found = getattr(GRANIAN, worker, None)
    assert found is not None, f"{worker}: {MOVED}"
    missing = ARGUMENTS - set(inspect.signature(found).parameters)
    assert not missing, f"{worker} lacks {missing}: {MOVED}"
    assert hasattr(found, serve), f"{worker}.{serve}: {MOVED}"


def test_websockets_can_be_asked_for() -> None:
    assert "websockets_enabled" in inspect.signature(GRANIAN.ASGIWorker).parameters, MOVED


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("WorkerSignal", {"set", "add_cb"}),
        ("SocketHolder", {"get_fd"}),
        ("CallbackScheduler", {"_schedule_fn"}),
        ("ASGIHTTPProtocol", {"receive", "send"}),
        ("ASGIWebsocketProtocol", {"receive", "send"}),
    ],
)
def test_classes_have_these_members(name: str, members: set[str]) -> None:
    found = getattr(GRANIAN, name, None)
    assert found is not None, f"{name}: {MOVED}"
    missing = {member for member in members if not hasattr(found, member)}
    assert not missing, f"{name} lacks {missing}: {MOVED}"


def test_loading_it_imports_nothing_heavy_and_leaves_the_package_importable() -> None:
    program = (
        "import sys\n"
        "from functions_framework.server.wire import granian as engine\n"
        "engine.load()\n"
        "heavy = {'asyncio', 'ssl', 'multiprocessing', 'watchfiles', 'anyio', 'granian'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "import granian\n"
        "assert granian.Granian\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), MOVED
