"""Clients that leave, and a store of the user's own: what was done is not done a second time."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from support.served_source import Given
from support.server_process import wait_until

if TYPE_CHECKING:
    from support.served_source import Served

SOURCE = """
import asyncio, os, time
from functions_framework import IdempotencyEntry, http, idempotent

def say(text):
    os.write(2, f"{text}\\n".encode())

class Store:
    def __init__(self):
        self.entries = {}

    def begin(self, key, token, lease):
        if key in self.entries:
            return IdempotencyEntry(self.entries[key], 1.0)
        self.entries[key] = None

    def finish(self, key, token, answer, expires):
        say("finishing")
        time.sleep(0.3)
        self.entries[key] = answer
        say("kept")
        return True

    def release(self, key, token):
        del self.entries[key]

class AsyncStore(Store):
    async def begin(self, *given):
        await asyncio.sleep(0)
        return super().begin(*given)

    async def finish(self, *given):
        say("finishing")
        await asyncio.sleep(0.3)
        self.entries[given[0]] = given[2]
        say("kept")
        return True

    async def release(self, *given):
        await asyncio.sleep(0)
        super().release(*given)

def work(request):
    say("begun")
    time.sleep(0.2)
    say("effect")
    return "paid"

async def work_async(request):
    say("effect")
    return "paid"

@idempotent(store=Store())
@http(path="/sync/store")
def sync(request):
    return work(request)

@idempotent(store=AsyncStore())
@http(path="/sync/async-store")
def sync_asks_async(request):
    return work(request)

@idempotent(store=Store())
@http(path="/async/store")
async def async_asks_sync(request):
    return await work_async(request)

@idempotent(store=AsyncStore())
@http(path="/async/async-store")
async def async_(request):
    return await work_async(request)
"""
SYNC, ASYNC = "sync,sync_asks_async", "async_asks_sync,async_"
SERVERS = {"sync": Given(SOURCE, target=SYNC), "mixed": Given(SOURCE, target=f"{SYNC},{ASYNC}")}


@pytest.mark.parametrize(
    ("server", "path", "leaves_at"),
    [
        *product(SERVERS, ["/sync/store", "/sync/async-store"], ["begun", "finishing"]),
        *product(["mixed"], ["/async/store", "/async/async-store"], ["finishing"]),
    ],
)
def test_what_is_done_is_kept_though_its_client_leaves(
    servers: dict[str, Served], server: str, path: str, leaves_at: str
) -> None:
    found = servers[server]
    key, log = f"{path} {leaves_at}", found.server.log
    with found.server.connect() as connection:
        connection.sendall(
            f"POST {path} HTTP/1.1\r\nhost: x\r\nidempotency-key: {key}\r\n"
            "content-length: 0\r\n\r\n".encode()
        )
        found.server.wait_for(leaves_at, times=log.count(leaves_at) + 1)
    found.server.wait_for("kept", times=log.count("kept") + 1)
    effects = found.server.log.count("effect")
    statuses: list[int] = []

    def is_answered() -> bool:
        answer = found.client.post(path, headers={"Idempotency-Key": key})
        statuses.append(answer.status_code)
        return answer.text == "paid"

    wait_until(is_answered, "the response that was kept", 2)
    assert set(statuses) <= {200, 409}
    assert found.server.log.count("effect") == effects
    assert "never" not in found.server.log
