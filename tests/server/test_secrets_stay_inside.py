"""What clients send, the process knows and exceptions say stays out of responses and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import functions_framework

def crash(path):
    if path == "/crash":
        raise ValueError("said-by-the-exception")
    return {}[path]

@functions_framework.http
def plain(request):
    request.get_data()
    return crash(request.path)

@functions_framework.http
async def waiting(request):
    await request.body()
    return crash(request.url.path)

@functions_framework.cloud_event
def event(event):
    raise ValueError("said-by-the-exception")
"""
SECRETS = {
    "authorization": "Bearer sent-as-authorization",
    "cookie": "session=sent-as-cookie",
    "x-api-key": "sent-as-key",
}
BODY = b"sent-as-body"
INSIDE = [b"sent-as-", b"said-by-the-exception", b"known-to-the-process", b"Traceback"]


def request(path: str, **headers: str) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in {**SECRETS, **headers}.items()]
    head = "\r\n".join([f"POST {path} HTTP/1.1", "host: x", *lines, f"content-length: {len(BODY)}"])
    return head.encode() + b"\r\n\r\n" + BODY


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("kind", [*KINDS, "event"])
def test_answers_and_logs_hold_no_secrets(tmp_path: Path, kind: str, form: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    flags = ["--access-log", "--log-format", form, "--log-level", "debug", "--log-execution-id"]
    variables = {"DATABASE_PASSWORD": "known-to-the-process"}
    with ServerProcess.start(tmp_path / "main.py", kind, *flags, **variables) as server:
        server.ready()
        answers = [
            server.send(request(path)) for path in ("/crash", "/key", "/robots.txt", "/a%00")
        ]
        answers.append(server.send(request("/", content_type="application/cloudevents+json")))
        answers.append(
            server.send(request("/", content_type="application/json", ce_id="sent-as-id"))
        )
        event = {"ce_id": "1", "ce_source": "/", "ce_type": "t", "ce_specversion": "1.0"}
        answers.append(server.send(request("/", content_type="text/plain", **event)))
        answers.append(
            server.send(request("/").replace(b"content-length: 12", b"content-length: x"))
        )
        server.signal()
        assert server.exit_code() == 0
    assert {status for status, _ in answers} <= {400, 404, 500}
    assert {500, 400} <= {status for status, _ in answers}
    for _, body in answers:
        assert not [inside for inside in INSIDE if inside in body]
    # A crash is logged with its traceback and the exception's own text, and with nothing sent.
    assert "said-by-the-exception" in server.log
    assert "sent-as-" not in server.log
    assert "known-to-the-process" not in server.log


def test_environment_of_the_process_is_not_in_the_environ(tmp_path: Path) -> None:
    text = "def hello(request):\n    return str([key for key in request.environ])\n"
    (tmp_path / "main.py").write_text(text)
    with ServerProcess.start(tmp_path / "main.py", "hello", MY_SECRET="x") as server:
        body = server.ready().get()[1]
    assert b"MY_SECRET" not in body
    assert b"wsgi.input" in body
