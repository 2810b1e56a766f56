"""What the console of a real server tells of its calls, whichever host answers them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from support.console_client import ask, listening, token_of, told
from support.served_source import Given, Served, served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

SOURCE = '''
import asyncio, logging, sys, time
from dataclasses import dataclass
import functions_framework

log = logging.getLogger("shop")

@dataclass
class Order:
    item: str
    count: int = 1

def told():
    log.warning("first %d", 1)
    print("second", end=" ")
    print("third")
    print("to stderr", file=sys.stderr)
    log.debug("not shown")

@functions_framework.http
def plain(request):
    """Say something."""
    path = request.path
    if path.endswith("/sleep"):
        time.sleep(0.2)
    if path.endswith("/crash"):
        raise ValueError("on purpose")
    if path.endswith("/stream"):
        return (part for part in ("first", "second"))
    if path.endswith("/large"):
        return b"x" * 100_000
    told()
    return request.get_data() or "Hello"

@functions_framework.http
async def waiting(request):
    """Say something."""
    path = request.url.path
    if path.endswith("/sleep"):
        await asyncio.sleep(0.2)
    if path.endswith("/crash"):
        raise ValueError("on purpose")
    if path.endswith("/stream"):
        async def parts():
            yield "first"
            yield "second"
        return parts()
    if path.endswith("/large"):
        return b"x" * 100_000
    told()
    return await request.body() or "Hello"

@functions_framework.typed
def order(value: Order) -> Order:
    return value

@functions_framework.cloud_event
def on_storage(event):
    pass
'''
SERVERS = {
    "def": Given(SOURCE, ("--debug",), "plain,order,on_storage"),
    "async def": Given(SOURCE, ("--debug",), "waiting"),
    "def among async": Given(SOURCE, ("--debug",), "plain,waiting"),
    "one place": Given(SOURCE, ("--debug", "--concurrency", "1"), "plain,order"),
}
PATHS = {
    "def": "/plain",
    "async def": "/waiting",
    "def among async": "/plain",
    "one place": "/plain",
}


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def called(
    client: httpx.Client, path: str, method: str = "GET", **options: Any
) -> tuple[httpx.Response, dict[str, Any]]:
    """Send a request; the response, and what the console tells of it."""
    execution = secrets.token_hex(6)
    response = client.request(method, path, headers={"function-execution-id": execution}, **options)
    return response, told(client, execution)


def test_a_call_is_told_with_what_it_wrote(kind: str, servers: dict[str, Served]) -> None:
    path = PATHS[kind]
    response, call = called(servers[kind].client, f"{path}?a=b", "POST", content=b"some text")
    assert (response.status_code, response.text) == (200, "some text")
    assert (call["method"], call["path"], call["query"]) == ("POST", path, "a=b")
    assert (call["function"], call["status"], call["state"]) == (path[1:], 200, "done")
    assert call["request"]["body"]["text"] == call["response"]["body"]["text"] == "some text"
    assert [(level, text) for _, level, _, text in call["lines"]] == [
        ("warning", "first 1"),
        ("stdout", "second third"),
        ("stderr", "to stderr"),
    ]
    assert call["fault"] is None


def test_it_is_told_where_the_time_went(kind: str, servers: dict[str, Served]) -> None:
    _, call = called(servers[kind].client, f"{PATHS[kind]}/sleep")
    phases = call["phases"]
    assert list(phases) == ["wait", "load", "call", "send"]
    assert 200 <= phases["call"] <= call["ms"]
    assert call["ms"] == pytest.approx(sum(phases.values()), abs=1)


def test_a_crash_is_told_with_its_lines(kind: str, servers: dict[str, Served]) -> None:
    response, call = called(servers[kind].client, f"{PATHS[kind]}/crash")
    assert response.status_code == call["status"] == 500
    fault = call["fault"]
    assert (fault["type"], fault["message"]) == ("ValueError", "on purpose")
    frame = fault["frames"][-1]
    lines = dict(map(tuple, frame["code"]))
    assert lines[frame["line"]].strip() == 'raise ValueError("on purpose")'
    assert len(lines) == 7
    assert fault["text"].startswith("Traceback")
    assert "functions_framework" not in fault["text"]


def test_a_stream_is_told_when_it_has_ended(kind: str, servers: dict[str, Served]) -> None:
    response, call = called(servers[kind].client, f"{PATHS[kind]}/stream")
    assert response.text == call["response"]["body"]["text"] == "firstsecond"
    assert call["state"] == "done"


def test_of_a_large_body_the_start_is_kept(kind: str, servers: dict[str, Served]) -> None:
    content = b"y" * 1_000_000
    response, call = called(servers[kind].client, f"{PATHS[kind]}/large", "POST", content=content)
    assert len(response.content) == 100_000
    for part, size in (("request", 1_000_000), ("response", 100_000)):
        body = call[part]["body"]
        assert (body["size"], len(body["text"]), body["truncated"]) == (size, 65_536, True)


def test_a_path_of_nobody_is_told_too(servers: dict[str, Served]) -> None:
    client = servers["def"].client
    assert client.get("/nowhere").status_code == 404
    with listening(client) as listener:
        call = listener.until(lambda call: call["path"] == "/nowhere")
    assert (call["status"], call["function"]) == (404, None)


def test_who_listens_is_told_as_it_happens(kind: str, servers: dict[str, Served]) -> None:
    client = servers[kind].client
    with listening(client) as listener:
        seen = f"{listener.state['worker']}:0"
    client.get(PATHS[kind])
    # As a browser comes back: no state again, what it has missed is told.
    with listening(client, last_event_id=seen) as again:
        assert again.next() == "calls"
        assert {call["path"] for call in again.calls.values()} >= {PATHS[kind]}


def test_calls_go_on_while_a_page_listens(kind: str, servers: dict[str, Served]) -> None:
    client = servers[kind].client
    with listening(client):
        assert client.get(PATHS[kind], timeout=5).status_code == 200


def test_the_state_says_what_is_served(servers: dict[str, Served]) -> None:
    with listening(servers["def"].client) as listener:
        state = listener.state
    found = {one["name"]: one for one in state["functions"]}
    assert list(found) == ["plain", "order", "on_storage"]
    plain = found["plain"]
    assert (plain["signature"], plain["path"], plain["shown"]) == ("http", "/plain", "main.py")
    assert SOURCE.split("\n")[plain["line"] - 1] == "@functions_framework.http"
    assert plain["doc"] == "Say something."
    schema = found["order"]["operation"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["$ref"].rpartition("/")[2] in state["components"]
    assert found["on_storage"]["sample"] == "storage"
    assert found["on_storage"]["samples"]["pubsub"] == "binary"
    assert "stripe" not in found["on_storage"]["samples"]
    assert state["load"]["milliseconds"] > 0
    assert "flask" in state["load"]["imports"]


def test_a_sample_becomes_a_request(servers: dict[str, Served]) -> None:
    client = servers["def"].client
    given = {"name": "storage", "form": "binary", "fields": {"bucket": "mine"}}
    made = ask(client, "sample", given).json()
    assert made["method"] == "POST"
    assert dict(made["headers"])["ce-type"] == "google.cloud.storage.object.v1.finalized"
    assert '"bucket": "mine"' in made["body"]
    refused = ask(client, "sample", {**given, "name": "storag"})
    assert refused.status_code == 422
    assert "Did you mean 'storage'" in refused.text
    assert ask(client, "sample", {**given, "form": "push"}).status_code == 422


@pytest.mark.once
def test_a_call_is_saved_as_a_test_that_passes(tmp_path: Path) -> None:
    # What it writes would restart the server, perhaps before the third is asked for.
    flags = ("--debug", "--reload-exclude", "test_*.py,recordings")
    with served(tmp_path, SOURCE, *flags, target="plain") as (_, client):
        _, call = called(client, "/", "POST", content=b"some text")
        first = ask(client, "test", {"id": call["id"]}).json()
        second = ask(client, "test", {"id": call["id"]}).json()
        kept = ask(client, "recording", {"id": call["id"]}).json()
    assert first["file"] == str(tmp_path / "test_plain.py")
    assert second["file"] == str(tmp_path / "test_plain_2.py")
    assert kept["file"].startswith(str(tmp_path / "recordings"))
    passed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", first["file"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in passed.stdout, passed.stdout + passed.stderr
    replayed = subprocess.run(
        [sys.executable, "-m", "functions_framework", "replay", kept["file"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 as recorded" in replayed.stdout, replayed.stdout + replayed.stderr


def test_what_was_not_kept_whole_is_not_saved(servers: dict[str, Served]) -> None:
    client = servers["def"].client
    _, call = called(client, "/plain", "POST", content=b"y" * 100_000)
    refused = ask(client, "test", {"id": call["id"]})
    assert refused.status_code == 409
    assert "not recorded to its end" in refused.text
    assert ask(client, "test", {"id": "gone"}).status_code == 404


def test_nothing_is_done_without_the_token(servers: dict[str, Served]) -> None:
    client = servers["def"].client
    for headers in ({}, {"x-console-token": "guessed"}):
        refused = client.post("/_ff/clear", json={}, headers=headers)
        assert refused.status_code == 403
        assert "token" in refused.text
    known = {"x-console-token": token_of(client)}
    assert client.post("/_ff/clear", content=b"[", headers=known).status_code == 400
    assert client.post("/_ff/nothing", json={}, headers=known).status_code == 404
    large = client.post("/_ff/sample", content=b" " * (1 << 21), headers=known)
    assert large.status_code == 413
    assert client.get("/_ff/clear").status_code == 404
    assert client.post("/_ff/clear", json={}, headers=known).status_code == 200


def test_the_page_runs_its_own_parts_only(servers: dict[str, Served]) -> None:
    page = servers["def"].client.get("/_ff")
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "default-src 'none'; script-src 'sha256-" in page.text
    assert "unsafe" not in page.text
    assert "access-control-allow-origin" not in page.headers


def test_an_old_worker_does_not_wait_for_who_listens(tmp_path: Path) -> None:
    with (
        served(tmp_path, SOURCE, "--debug", target="plain") as (server, client),
        listening(client) as listener,
    ):
        (tmp_path / "main.py").write_text(SOURCE + "\n# changed\n", encoding="utf-8")
        while listener.next():
            pass
        server.wait_for("Restarted in")
        # Not by the connection of before, which the old worker closes at about this time.
        with httpx.Client(base_url=client.base_url) as another, listening(another) as again:
            assert again.state["worker"] != listener.state["worker"]
        assert "was ended at shutdown" not in server.log


def test_a_source_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    text = "import functions_framework\n"
    with served(tmp_path, SOURCE, "--debug", target="plain") as (server, client):
        (tmp_path / "main.py").write_text(f"{text}1 / 0\n", encoding="utf-8")
        server.wait_for("The function is served again once the source is changed.")
        with listening(client) as listener:
            assert "ZeroDivisionError" in listener.state["fault"]
            assert listener.state["functions"] == []


def test_it_is_not_there_without_debug(tmp_path: Path) -> None:
    source = (
        "import sys\ndef hello(request):\n"
        "    found = [name for name in sys.modules if 'functions_framework.console' in name]\n"
        "    return {'path': request.path, 'found': found}\n"
    )
    with served(tmp_path, source, "--reload", target="hello") as (_, client):
        assert client.get("/_ff").json() == {"path": "/_ff", "found": []}
