"""The example of Knative func, started and probed as its service is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from support import knative_func
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).parents[3] / "examples" / "knative_func"
PROBE = {"User-Agent": "kube-probe/1.33", "K-Kubelet-Probe": "queue"}


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with knative_func.start(EXAMPLE) as started:
        yield started.ready()


def url(server: ServerProcess, path: str) -> str:
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.parametrize("probe", ["readiness", "liveness"])
def test_probes_are_answered(server: ServerProcess, probe: str) -> None:
    path = knative_func.probes(EXAMPLE)[probe]
    assert path == f"/health/{probe}"
    assert httpx.get(url(server, path), headers=PROBE, trust_env=False).status_code == 200


def test_requests_and_events_reach_their_functions(server: ServerProcess) -> None:
    answer = httpx.get(url(server, "/greet?name=Ada"), trust_env=False)
    assert answer.json() == {"message": "Hello Ada!"}
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
    headers = {**event, "Prefer": "reply"}
    reply = httpx.post(url(server, "/ordered"), json={"item": "tea"}, headers=headers)
    assert (reply.headers["ce-type"], reply.json()) == ("com.example.order.taken", {"item": "tea"})


def test_the_event_function_is_well_without_an_event() -> None:
    """Knative asks for `/` where no probe is set (functions-framework-nodejs issue 393)."""
    with ServerProcess.start(EXAMPLE / "main.py", "ordered") as server:
        assert server.ready().get("/") == (200, b"")


def test_it_ends_on_sigterm() -> None:
    with knative_func.start(EXAMPLE) as server:
        server.ready().signal()
        assert server.exit_code() == 0
