"""`functions-framework console`, with a program in the browser's place."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.served_source import HELLO, Given, Served
from support.server_process import free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

SERVERS = {
    "debugged": Given(HELLO, ("--debug",), "hello"),
    "plain": Given(HELLO, (), "hello"),
}


def run(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    browser = directory / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {directory}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", "console", *arguments],
        env={**os.environ, "BROWSER": str(browser), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_opens_the_browser(servers: dict[str, Served], tmp_path: Path) -> None:
    port = str(servers["debugged"].server.port)
    found = run(tmp_path, PORT=port)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"http://localhost:{port}/_ff\n"
    assert (tmp_path / "opened").read_text(encoding="utf-8") == found.stdout
    url = f"http://127.0.0.1:{port}/"
    assert run(tmp_path, "--url", url).stdout == f"{url}_ff\n"


def test_where_there_is_none_it_says_what_to_do(servers: dict[str, Served], tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{servers['plain'].server.port}"
    found = run(tmp_path, "--url", url)
    assert found.returncode == 2
    assert found.stderr == (
        f"Error: The server at {url} has no console. Start it with: functions-framework --debug\n"
    )
    nobody = run(tmp_path, PORT=str(free_port()))
    assert nobody.returncode == 2
    assert "Is the server running there?" in nobody.stderr
    assert not (tmp_path / "opened").exists()
