"""The example of OpenFaaS, behind what plays of-watchdog and the gateway."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.openfaas import OpenFaaSFunction
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).parents[3] / "examples" / "openfaas"
# Each is asked the same on a plain and an async function.
SOURCE = """
import asyncio, time
import functions_framework

def seen(headers, scheme, client, body):
    return {"call": headers["x-call-id"], "client": client, "body": body.hex()}

@functions_framework.http
def plain(request):
    if request.path == "/plain/sleep":
        time.sleep(float(request.args["seconds"]))
    return seen(request.headers, request.scheme, request.remote_addr, request.data)

@functions_framework.http
async def waiting(request):
    if request.url.path == "/waiting/sleep":
        await asyncio.sleep(float(request.query_params["seconds"]))
    return seen(request.headers, request.url.scheme, request.client.host, await request.body())
"""
KINDS = ["plain", "waiting"]


@pytest.fixture
def shop() -> Iterator[OpenFaaSFunction]:
    with OpenFaaSFunction(EXAMPLE, "shop", {"healthcheck_interval": "2s"}) as started:
        yield started


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenFaaSFunction]:
    """The same stack with another source, and little time."""
    folder = tmp_path_factory.mktemp("openfaas")
    (folder / "shop").mkdir()
    (folder / "stack.yaml").write_text((EXAMPLE / "stack.yaml").read_text())
    for name in ("Dockerfile", "start.sh"):
        (folder / "shop" / name).write_text((EXAMPLE / "shop" / name).read_text())
    (folder / "shop" / "main.py").write_text(SOURCE)
    said = {
        "FUNCTION_TARGET": "plain,waiting",
        "max_inflight": "2",
        "exec_timeout": "1s",
        "CLOUD_RUN_TIMEOUT_SECONDS": "0",
    }
    with OpenFaaSFunction(folder, "shop", said) as started:
        yield started


def test_requests_and_events_reach_their_functions(shop: OpenFaaSFunction) -> None:
    answer = shop.send("GET", "/greet?name=Ada")
    assert (answer.status_code, answer.json()) == (200, {"message": "Hello Ada!"})
    assert "x-duration-seconds" in answer.headers
    event = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
    assert shop.send("POST", "/ordered", headers=event, json={"item": "tea"}).status_code == 200
    assert shop.send("POST", "/ordered", json={"item": "tea"}).status_code == 400
    assert shop.send("GET", "/_/health").text == "OK"


def test_requests_that_come_after_sigterm_are_answered(shop: OpenFaaSFunction) -> None:
    shop.process.send_signal(signal.SIGTERM)
    wait_until(lambda: shop.client.get("/_/ready").status_code == 503, "the watchdog draining")
    assert [shop.send("GET", "/greet").status_code for _ in range(3)] == [200] * 3
    assert shop.process.wait(10) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_chunked_body_of_a_call_arrives_whole(made: OpenFaaSFunction, kind: str) -> None:
    body = bytes(range(256)) * 300
    found = made.send("POST", f"/{kind}", content=body, headers={"X-Call-Id": "call-1"}).json()
    assert found == {"call": "call-1", "client": "203.0.113.9", "body": body.hex()}


@pytest.mark.parametrize("kind", KINDS)
def test_what_takes_too_long_is_given_up(made: OpenFaaSFunction, kind: str) -> None:
    assert made.send("GET", f"/{kind}/sleep?seconds=3").status_code == 504
    assert made.send("GET", f"/{kind}").status_code == 200


def test_beyond_the_limit_the_watchdog_refuses(made: OpenFaaSFunction) -> None:
    statuses: list[int] = []

    def ask(kind: str) -> None:
        statuses.append(made.send("GET", f"/{kind}/sleep?seconds=0.7").status_code)

    threads = [threading.Thread(target=ask, args=[kind]) for kind in KINDS]
    for thread in threads:
        thread.start()
    wait_until(lambda: made.client.get("/_/ready").status_code == 429, "both places taken")
    assert made.send("GET", "/plain").status_code == 429
    for thread in threads:
        thread.join()
    assert statuses == [200, 200]
