"""Batches of events over real servers: what runs at once, deadlines, records."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.served_source import served
from support.server_process import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
SOURCE = """
import asyncio, sys, threading, time
import functions_framework
from functions_framework import Drop, Retry

running, most, lock = 0, 0, threading.Lock()

def begin():
    global running, most
    with lock:
        running += 1
        most = max(most, running)

def end():
    global running
    with lock:
        running -= 1

def act(event):
    if event.data == "retry":
        raise Retry(after=7)
    if event.data == "drop":
        raise Drop("bad")
    if event.data == "crash":
        raise ValueError("crashed")
    if event.data == "print":
        print("unfinished", event["id"], end="", file=sys.stderr)
    if event.data == "most":
        return {{"type": "most", "data": most}}
    if event.data == "running":
        return {{"type": "running", "data": running}}

def pause(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.01)

@functions_framework.cloud_event
{word}def on_event(event):
    begin()
    try:
        if isinstance(event.data, float):
            {sleep}(event.data)
        return act(event)
    finally:
        end()
"""
KINDS = {"def": ("", "pause"), "async def": ("async ", "await asyncio.sleep")}
every_kind = pytest.mark.parametrize("kind", KINDS)


def source(kind: str) -> str:
    word, sleep = KINDS[kind]
    return SOURCE.format(word=word, sleep=sleep)


def events(*does: Any) -> bytes:
    made = {"specversion": "1.0", "source": "/s", "type": "t"}
    return json.dumps([{**made, "id": str(n), "data": do} for n, do in enumerate(does)]).encode()


def post(client: httpx.Client, *does: Any) -> httpx.Response:
    return client.post("/", headers=BATCH, content=events(*does))


def most_at_once(client: httpx.Client) -> int:
    (reply,) = post(client, "most").json()
    return int(reply["data"])


@every_kind
def test_events_are_calls_of_their_own(tmp_path: Path, kind: str) -> None:
    flags = ["--log-execution-id", "--access-log"]
    with served(tmp_path, source(kind), *flags) as (server, client):
        assert post(client).text == "OK"
        assert post(client, None, "drop").text == "OK"
        answer = post(client, "retry", "crash", {}, "print", "print")
        assert (answer.status_code, answer.headers["x-google-status"]) == (500, "crash")
        assert [
            (item["itemIdentifier"], item["reason"]) for item in answer.json()["batchItemFailures"]
        ] == [("0", "retry"), ("1", "error")]
        assert post(client, "retry").headers["retry-after"] == "7"
        assert client.post("/", headers=BATCH, content=b"{}").status_code == 400
        server.wait_for("unfinished 3")
        server.wait_for("unfinished 4")
        found = [line for line in server.log.splitlines() if "unfinished" in line]
        ids = [json.loads(line)["logging.googleapis.com/labels"]["execution_id"] for line in found]
        assert len(found) == len(set(ids)) == 2


@every_kind
def test_they_run_at_the_same_time(tmp_path: Path, kind: str) -> None:
    with served(tmp_path, source(kind)) as (_, client):
        assert post(client, *[0.2] * 8).text == "OK"
        assert most_at_once(client) == 8


@every_kind
@pytest.mark.parametrize("limit", [1, 3])
def test_no_more_at_once_than_concurrency_allows(tmp_path: Path, kind: str, limit: int) -> None:
    with served(tmp_path, source(kind), "--concurrency", str(limit)) as (_, client):
        assert post(client, *[0.02] * 9).text == "OK"
        assert most_at_once(client) == limit


@every_kind
def test_their_deadline_is_the_requests(tmp_path: Path, kind: str) -> None:
    with served(tmp_path, source(kind), "--timeout", "0.5") as (server, client):
        started = time.monotonic()
        answer = post(client, None, *[30.0] * 3)
        assert answer.status_code == 504
        assert time.monotonic() - started < 5
        # All of them were ended, in whatever thread or task they were.
        wait_until(lambda: post(client, "running").json()[0]["data"] == 1, "the end of all")
        assert time.monotonic() - started < 10
        assert "Traceback" not in server.log
