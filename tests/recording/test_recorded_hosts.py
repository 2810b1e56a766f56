"""What is recorded of calls, over both hosts in memory and from a real server."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.calls.pipeline import Pipeline
from functions_framework.calls.respond import respond, respond_async, scope_of
from functions_framework.hosts.gate import gated
from functions_framework.hosts.layered import layered
from functions_framework.model.request import Request
from functions_framework.recording.directory import Directory
from functions_framework.recording.exchange import Recorder
from functions_framework.recording.json_secrets import REDACTED
from functions_framework.recording.layer import RecorderLayer, recorded
from functions_framework.recording.value import LARGEST_BODY, Recording, decode
from functions_framework.settings import Settings
from support.served_source import refused, served
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

SOURCE = """
import functions_framework

@functions_framework.http
def plain(request):
    path = request.path
    if path == "/crash":
        raise ValueError("on purpose")
    if path == "/stream":
        return (part for part in ("a", b"b"))
    if path == "/broken":
        def parts():
            yield "first"
            raise ValueError("on purpose")
        return parts()
    if path == "/accent":
        return "OK", {"x-utf-8": "caf\u00c3\u00a9"}
    if path == "/latin-1":
        return "OK", {"x-latin-1": "caf\u00e9"}
    if path == "/ignored":
        return "OK"
    if path == "/lines":
        return str(len(list(request.stream)))
    return request.get_data(), {"x-body": "1", "set-cookie": "a=b"}

@functions_framework.http
async def waiting(request):
    path = request.url.path
    if path == "/crash":
        raise ValueError("on purpose")
    if path in ("/stream", "/broken"):
        async def parts():
            yield "a" if path == "/stream" else "first"
            if path == "/broken":
                raise ValueError("on purpose")
            yield b"b"
        return parts()
    if path == "/accent":
        return "OK", {"x-utf-8": "caf\u00c3\u00a9"}
    if path == "/latin-1":
        return "OK", {"x-latin-1": "caf\u00e9"}
    if path == "/ignored":
        return "OK"
    if path == "/lines":
        return str((await request.body()).count(b"\\n"))
    return await request.body(), {"x-body": "1", "set-cookie": "a=b"}
"""
KINDS = ["plain", "waiting"]


@pytest.fixture(params=KINDS)
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Request], Recording]:
    """Send a request to a recorded host and return what was recorded of it."""
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "kept").mkdir()
    pipeline = Pipeline(tmp_path / "main.py", request.param, None, None, None)
    settings = Settings(record=str(tmp_path / "kept"), record_redact="ssn, Pin-Code")
    host = recorded(gated(pipeline.host), request.param, settings)

    def send(asked: Request) -> Recording:
        with pipeline.entered():
            if host.is_async:
                asyncio.run(respond_async(host, asked))
            else:
                respond(host, asked)
        (found,) = (tmp_path / "kept").iterdir()
        recording = decode(found.read_bytes())
        found.unlink()
        assert (recording.target, recording.function) == (request.param, request.param)
        return recording

    return send


def test_a_request_and_its_response(record: Callable[[Request], Recording]) -> None:
    headers = (("content-type", "application/json"), ("Authorization", "Bearer x"), ("x-a", "é"))
    body = '{"a": "é", "password": "x", "ssn": 1, "pin_code": 2}'.encode()
    found = record(Request("POST", "/a%20b/%C3%A9", "q=1&token=t", headers, body))
    asked, answered = found.request, found.response
    assert (asked.method, asked.path, asked.query) == (
        "POST", "/a%20b/%C3%A9", f"q=1&token={REDACTED}",
    )  # fmt: skip
    assert {("authorization", REDACTED), ("x-a", "é")} < set(asked.headers)
    assert not any(name == "function-execution-id" for name, _ in asked.headers)
    kept = f'{{"a": "é", "password": "{REDACTED}", "ssn": "{REDACTED}", "pin_code": "{REDACTED}"}}'
    assert (asked.body.text, asked.body.size) == (kept, len(body))
    assert answered is not None
    assert (answered.status, answered.body.text, answered.is_whole) == (200, kept, True)
    assert {("x-body", "1"), ("set-cookie", REDACTED)} < set(answered.headers)
    assert 0 < found.duration_ms < 60_000
    assert {"request.query.token", "request.headers.authorization"} < set(found.redacted)


def test_headers_beyond_ascii_are_kept_as_clients_read_them(
    record: Callable[[Request], Recording],
) -> None:
    answered = record(Request("POST", "/accent")).response
    assert answered is not None
    assert ("x-utf-8", "caf\u00c3\u00a9") in answered.headers
    answered = record(Request("POST", "/latin-1")).response
    assert answered is not None
    # The engine's sync side sends UTF-8 only.
    kept = ("x-latin-1", "caf\u00e9") in answered.headers
    assert (answered.status, kept) in ((200, True), (500, False))


@pytest.mark.parametrize(
    ("path", "status", "text", "is_whole"),
    [
        ("/crash", 500, None, True),
        ("/stream", 200, "ab", True),
        ("/broken", 200, "first", False),
        ("/lines", 200, "2", True),
        ("/ignored", 200, "OK", True),
    ],
)
def test_outcomes(
    record: Callable[[Request], Recording],
    path: str,
    status: int,
    text: str | None,
    is_whole: bool,
) -> None:
    found = record(Request("POST", path, body=b"1\n2\n"))
    answered = found.response
    assert answered is not None
    assert (answered.status, answered.is_whole) == (status, is_whole)
    if text is not None:
        assert answered.body.text == text
    if path in {"/lines", "/ignored"}:
        assert found.request.body.text == "1\n2\n"


def test_bodies_are_bounded_and_binary(record: Callable[[Request], Recording]) -> None:
    content = b"\xff" * (LARGEST_BODY + 1)
    found = record(Request("POST", "/", body=content))
    assert found.response is not None
    for body in (found.request.body, found.response.body):
        assert (body.size, body.is_truncated) == (len(content), True)
        assert body.content == content[:-1]


def test_a_response_without_a_body(record: Callable[[Request], Recording]) -> None:
    found = record(Request("HEAD", "/ignored"))
    assert found.response is not None
    assert (found.response.status, found.response.body.size) == (200, 0)


def test_a_call_that_is_cancelled_has_no_response(tmp_path: Path) -> None:
    class Host:
        is_async: Literal[True] = True

        async def respond(self, scope: Any, receive: Any) -> Any:
            await asyncio.Event().wait()

    layer = RecorderLayer(Recorder(Directory(str(tmp_path)), "f", "http"))
    host: Any = layered(Host(), layer)

    async def cancelled() -> None:
        task = asyncio.ensure_future(host.respond(scope_of(Request("GET")), _nothing))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(cancelled())
    (found,) = tmp_path.iterdir()
    assert decode(found.read_bytes()).response is None


async def _nothing() -> Any:
    return {"type": "http.request"}


def _recorded(directory: Path) -> list[Path]:
    return list(directory.glob("*.recorded.json"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_server_records(tmp_path: Path, kind: str) -> None:
    kept = tmp_path / "new" / "kept"
    flags = ("--record", str(kept), "--record-redact", "pin")
    with served(tmp_path, SOURCE, *flags, target=kind) as (_, client):
        assert client.post("/x?pin=1", content=b"sent", headers={"cookie": "c"}).text == "sent"
        (first,) = kept.iterdir()  # it is there when the response is
        with client.stream("GET", "/stream") as answer:
            assert b"".join(answer.iter_bytes()) == b"ab"
        wait_until(lambda: len(_recorded(kept)) == 2, "the stream's recording")
    (stream,) = (one for one in _recorded(kept) if one != first)
    assert json.loads(stream.read_bytes())["response"]["body"]["text"] == "ab"
    found = json.loads(first.read_bytes())
    assert (found["request"]["query"], found["request"]["body"]["text"]) == (
        "pin=[REDACTED]",
        "sent",
    )
    assert "request.headers.cookie" in found["redacted"]
    assert (found["target"], found["response"]["status"]) == (kind, 200)


def test_a_directory_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = refused(tmp_path, SOURCE, "--record", str(tmp_path / "file"), target="plain")
    assert code == 2
    assert said.startswith("Error: --record: nothing can be written to ")
    assert said.count("\n") == 1
    assert refused(tmp_path, SOURCE, "--record", "", target="plain")[0] == 2


def test_nothing_is_imported_or_wrapped_when_it_is_off(tmp_path: Path) -> None:
    checked = (
        SOURCE
        + "\nimport sys\ndef off(r): return str('functions_framework.recording' in sys.modules)"
    )
    with served(tmp_path, checked, target="off") as (_, client):
        assert client.get("/").text == "False"
