"""What will not work on a platform: each finding, on source that has it and that hasn't."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.commands.one_call import load_only
from functions_framework.deployment.limits import LIMITS
from functions_framework.deployment.platforms import PLATFORMS
from functions_framework.deployment.suitability import shortcomings
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

TOP = """
import asyncio, functions_framework, threading
from pathlib import Path
from starlette.background import BackgroundTask
"""
HELLO = "@functions_framework.http\ndef hello(request): return 'Hello'"


def found(
    directory: Path, code: str, platform: str, **settings: Any
) -> list[tuple[str, str, int | None]]:
    path = directory / "main.py"
    path.write_text(f"{TOP}{dedent(code)}\n")
    functions = load_only(Settings(source=str(path)))
    tree = ast.parse(path.read_bytes())
    result = shortcomings(platform, functions, Settings(**settings), tree)
    for one in result:
        assert PLATFORMS[platform].title in one.text
        assert one.text.endswith(".")
    return [(one.level, one.code, one.line) for one in result]


STREAM = "@functions_framework.http\ndef hello(request): yield 'a'"
ASYNC_STREAM = "@functions_framework.http\nasync def hello(request): yield 'a'"
SSE = "@functions_framework.http\ndef hello(request):\n    return functions_framework.sse([])"
THREAD = """
@functions_framework.http
def hello(request):
    threading.Thread(target=print).start()
    return ""
"""
TASK = """
@functions_framework.http
async def hello(request):
    asyncio.create_task(asyncio.sleep(1))
    return ""
"""
SHUTDOWN = f"@functions_framework.on_shutdown\ndef close(): ...\n{HELLO}"
WRITES = """
@functions_framework.http
def hello(request):
    open("/var/data/a", "w")
    return ""
"""
PATH_WRITES = """
@functions_framework.http
def hello(request):
    Path("/var/data/a").write_text("")
    return ""
"""
SOCKET = "@functions_framework.websocket\nasync def chat(socket): ..."
TEMPORARY = WRITES.replace("/var/data", "/tmp")
READS = WRITES.replace('"w"', '"r"')
ONCE = f"@functions_framework.idempotent\n{HELLO}"
SHARED = ONCE.replace("idempotent", "idempotent(store='redis://a')")
FILE = ONCE.replace("idempotent", "idempotent(store='sqlite:////a')")
PUBSUB = """
@functions_framework.cloud_event
def on_message(message: functions_framework.PubSubMessage): ...
"""
SQS = "@functions_framework.cloud_event(type='com.amazonaws.sqs.Message')\ndef f(event): ..."
OWN = "@functions_framework.cloud_event(type='com.example.a')\ndef f(event): ..."
TWO = f"{OWN}\n@functions_framework.cloud_event(path='/b')\ndef g(event): ..."


@pytest.mark.parametrize(
    ("code", "platform", "expected"),
    [
        (HELLO, "aws-lambda", []),
        (STREAM, "aws-lambda", [("warning", "no-streams", 5)]),
        (ASYNC_STREAM, "aws-lambda", [("warning", "no-streams", 5)]),
        (ASYNC_STREAM, "azure", []),
        (SSE, "aws-lambda", [("warning", "no-streams", 7)]),
        (STREAM, "cloud-run", []),
        (THREAD, "aws-lambda", [("warning", "background", 8)]),
        (THREAD, "cloud-run", [("warning", "background", 8)]),
        (THREAD, "kubernetes", []),
        (TASK, "azure", [("warning", "background", 8)]),
        (SHUTDOWN, "aws-lambda", [("warning", "no-shutdown", 6)]),
        (SHUTDOWN, "knative", []),
        (WRITES, "aws-lambda", [("warning", "read-only", 8)]),
        (PATH_WRITES, "kubernetes", [("warning", "read-only", 8)]),
        (WRITES, "cloud-run", []),
        (TEMPORARY, "aws-lambda", []),
        (READS, "aws-lambda", []),
        (ONCE, "kubernetes", [("warning", "idempotency", 5)]),
        (FILE, "kubernetes", [("warning", "idempotency", 5)]),
        (SHARED, "kubernetes", []),
        (PUBSUB, "aws-lambda", [("warning", "other-cloud", 6)]),
        (PUBSUB, "cloud-run", []),
        (SQS, "cloud-run", [("warning", "other-cloud", 5)]),
        (SQS, "aws-lambda", []),
        (OWN, "azure", []),
        (OWN, "knative-func", []),
        (TWO, "knative-func", [("warning", "path", 7)]),
        (SOCKET, "aws-lambda", [("error", "no-websockets", 5)]),
        (SOCKET, "openfaas", [("error", "no-websockets", 5)]),
        (SOCKET, "cloud-run", []),
        (STREAM, "github", []),
    ],
)
def test_what_a_source_has(
    tmp_path: Path, code: str, platform: str, expected: list[tuple[str, str, int]]
) -> None:
    assert found(tmp_path, code, platform) == expected


@pytest.mark.parametrize(
    ("platform", "settings", "codes"),
    [
        ("aws-lambda", {"timeout": 901.0}, ["timeout"]),
        ("aws-lambda", {"timeout": 900.0}, []),
        ("heroku", {"timeout": 31.0}, ["timeout"]),
        ("kubernetes", {"timeout": 90000.0}, []),
        ("cloud-run", {"max_body_size": 33 * 1024 * 1024}, ["body"]),
        ("cloud-run", {"max_body_size": 32 * 1024 * 1024}, []),
        ("cloud-run", {"grace_period": 10.0}, ["grace-period"]),
        ("cloud-run", {}, []),
        ("kubernetes", {"idempotency_store": "sqlite:////a"}, []),
    ],
)
def test_what_the_settings_ask_for(
    tmp_path: Path, platform: str, settings: dict[str, Any], codes: list[str]
) -> None:
    assert [code for _, code, _ in found(tmp_path, HELLO, platform, **settings)] == codes


def test_a_shared_store_of_the_settings_is_enough(tmp_path: Path) -> None:
    assert found(tmp_path, ONCE, "kubernetes", idempotency_store="redis://a") == []


def test_every_platform_that_runs_functions_has_its_limits() -> None:
    assert PLATFORMS.keys() - LIMITS.keys() == {"github", "procfile"}
