"""What the commands, the console and the OpenAPI document make of functions of WebSockets."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.console.described import Shown, describe
from functions_framework.hosts.openapi.document import document
from functions_framework.loading.import_clock import measured
from functions_framework.model.function import Function, Signature
from support.served_source import written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

TEXT = """
    import functions_framework

    @functions_framework.websocket
    async def chat(socket):
        await socket.accept()
"""


async def chat(socket: object) -> None:
    """Talk."""


CHAT = Function.of(chat, "chat", Signature.WEBSOCKET)


def _run(source: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "functions_framework", *arguments, "--source", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_check_lists_it(tmp_path: Path) -> None:
    source = written(tmp_path, TEXT)
    code, output = _run(source, "check")
    assert (code, output.partition(", loaded")[0]) == (0, "chat (websocket, async): nothing wrong")
    code, output = _run(source, "check", "--json")
    assert (code, json.loads(output)["functions"][0]["signature"]) == (0, "websocket")


def test_a_platform_that_lets_none_through_is_named(tmp_path: Path) -> None:
    code, output = _run(written(tmp_path, TEXT), "check", "--for", "aws-lambda")
    assert (code, "the function 'chat' is one." in output) == (1, True)


@pytest.mark.parametrize("given", [[], ["--data", "{}"], ["--event", "pubsub"]])
def test_invoke_says_what_it_takes(tmp_path: Path, given: list[str]) -> None:
    code, output = _run(written(tmp_path, TEXT), "invoke", *given)
    assert code == 2
    assert "'chat' takes WebSockets, not requests." in output


def test_the_console_shows_it_without_samples(tmp_path: Path) -> None:
    with measured() as report:
        pass
    shown = describe(Shown("chat", (CHAT,), tmp_path / "main.py", None, report()))
    (function,) = shown["functions"]
    assert (function["signature"], function["samples"]) == ("websocket", {})
    assert function["doc"] == "Talk."


def test_the_document_describes_requests_alone() -> None:
    assert document([CHAT])["paths"] == {}
