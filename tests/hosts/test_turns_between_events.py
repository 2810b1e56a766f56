"""A batch of events that never wait leaves the event loop its turns."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from functions_framework.aio import create_asgi_app

if TYPE_CHECKING:
    from pathlib import Path

EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
SOURCE = """
import time
import functions_framework.aio

@functions_framework.aio.cloud_event
async def function(event):
    time.sleep(0.0005)
"""


def test_others_run_between_events_that_never_wait(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(SOURCE)
    app = create_asgi_app("function", str(source))
    turns, sent = asyncio.run(_turns_during(app, json.dumps([EVENT] * 200).encode()))
    assert sent[0]["status"] == 200
    # 100 ms of work in steps of 2 ms, on however busy a machine.
    assert turns >= 10


async def _turns_during(app: Any, body: bytes) -> tuple[int, list[Any]]:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/cloudevents-batch+json")],
    }
    batch = asyncio.ensure_future(app(scope, receive, send))
    turns = 0
    while not batch.done():
        turns += 1
        await asyncio.sleep(0)
    await batch
    return turns, sent
