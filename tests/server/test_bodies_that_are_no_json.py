"""JSON that cannot be read is its sender's fault: no crash, in any signature, async or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.served_source import EVENT, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import json
import functions_framework as ff
from typing import Any

@ff.http
def sync(request):
    return {"got": str(request.get_json())[:9]}

@ff.http
async def waiting(request):
    return {"got": str(await request.json())[:9]}

@ff.http
def silent(request):
    return {"got": request.get_json(silent=True)}

@ff.http
async def caught(request):
    try:
        return {"got": str(await request.json())[:9]}
    except json.JSONDecodeError:
        return {"got": None}

@ff.http
async def crashing(request):
    return json.loads("{")

@ff.typed
def value(value: list):
    return {"got": len(value)}

@ff.typed
async def later_value(value: Any):
    return {"got": len(value)}

@ff.cloud_event(path="/events")
def event(event): pass

@ff.cloud_event(path="/later_events")
async def later_event(event): pass

@ff.event(path="/background")
def background(data, context): pass
"""
FLASK = "import flask\nflask.current_app.before_request(lambda: None)\n"
HANDLED = """
@ff.errorhandler(json.JSONDecodeError)
def handle(error):
    return "handled", 499
"""
DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES = {"deep": DEEP, "cut off": b"[1,", "empty": b"", "no text": b'"\xff"'}
REFUSING = (
    "sync", "waiting", "value", "later_value", "events", "later_events", "background",
)  # fmt: skip


@pytest.mark.parametrize("begins", ["", FLASK], ids=["lean", "full"])
def test_json_that_cannot_be_read_is_a_400(tmp_path: Path, begins: str) -> None:
    headers = {"Content-Type": "application/json"}
    with served(tmp_path, begins + SOURCE) as (server, client):
        for path in REFUSING:
            ce = EVENT if "events" in path else {}
            for name, body in BODIES.items():
                if ce and not body:
                    continue  # an event without data
                answer = client.post(f"/{path}", content=body, headers={**headers, **ce})
                assert (path, name, answer.status_code) == (path, name, 400)
        for path in ("silent", "caught"):
            for body in BODIES.values():
                answer = client.post(f"/{path}", content=body, headers=headers)
                assert answer.json() == {"got": None}
        assert "Traceback" not in server.log
        assert client.post("/crashing").status_code == 500  # JSON, but not the request's
        server.wait_for("JSONDecodeError")


def test_a_handler_of_its_class_answers_it(tmp_path: Path) -> None:
    with served(tmp_path, SOURCE + HANDLED) as (_, client):
        for body in BODIES.values():
            answer = client.post("/waiting", content=body)
            assert (answer.status_code, answer.text) == (499, "handled")
