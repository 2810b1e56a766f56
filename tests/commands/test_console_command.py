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


def run(
    directory: Path, *arguments: str, before: tuple[str, ...] = (), **variables: str
) -> subprocess.CompletedProcess[str]:
    browser = directory / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {directory}/opened\n', encoding="utf-8")
    browser.chmod(0o755)
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", *before, "console", *arguments],
        cwd=directory,
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


def test_it_finds_the_server_by_the_settings_of_the_server(
    servers: dict[str, Served], tmp_path: Path
) -> None:
    port = str(servers["debugged"].server.port)
    expected = f"http://localhost:{port}/_ff\n"
    assert run(tmp_path, "--port", port, PORT="1").stdout == expected
    assert run(tmp_path, before=("--port", port)).stdout == expected
    loopback = run(tmp_path, "--host", "127.0.0.1", "--port", port)
    assert loopback.stdout == f"http://127.0.0.1:{port}/_ff\n"
    (tmp_path / "my.env").write_text(f"PORT={port}\n")
    assert run(tmp_path, "--env-file", "my.env").stdout == expected
    (tmp_path / "my.env").rename(tmp_path / ".env")
    assert run(tmp_path).stdout == expected
    (tmp_path / ".env").write_text(f"IGNORED={port}\n")
    (tmp_path / "pyproject.toml").write_text(f"[tool.functions-framework]\nport = {port}\n")
    assert run(tmp_path).stdout == expected
    (tmp_path / "pyproject.toml").write_text("[tool.functions-framework]\nport = 0\n")
    any_free = run(tmp_path)
    assert any_free.returncode == 2
    assert "Port 0 is any free one: give --port" in any_free.stderr


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
