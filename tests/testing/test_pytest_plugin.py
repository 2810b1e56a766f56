"""The fixtures that come with the package, in a run of pytest of their own; importing is cheap."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.nested_pytest import PYTEST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_framework.testing import RunningServer

SOURCE = """
import functions_framework, logging

@functions_framework.http
def hello(request):
    return f"Hello {request.args.get('name', 'world')}!"

@functions_framework.cloud_event
def on_event(event):
    logging.info("got %s", event.data)
"""

TESTS = """
from pathlib import Path

MAIN = Path(__file__).with_name("main.py")
processes = []

def test_client(functions_client):
    assert functions_client(MAIN, target="hello").get("/?name=Ada").text == "Hello Ada!"

def test_event(functions_client, cloud_event):
    result = functions_client(MAIN, target="on_event").send(cloud_event(data={"a": 1}))
    assert [record.message for record in result.logs] == ["got {'a': 1}"]

def test_server(running_server):
    server = running_server(MAIN, "hello")
    processes.append(server._process)
    assert server.get("/").text == "Hello world!"

def test_the_server_was_stopped():
    assert [process.returncode for process in processes] == [0]
"""


def test_the_package_is_imported_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_it():\n"
        "    import functions_framework.hosts.errors as one\n"
        "    assert one.__loader__.__class__.__name__ == 'SourceFileLoader'\n"
    )
    run = subprocess.run(
        [*PYTEST, "-q", "-W", "error"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_fixtures_in_a_project_s_own_tests(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "test_it.py").write_text(TESTS)
    run = subprocess.run(
        [*PYTEST, "-q", "-W", "error"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "4 passed" in run.stdout


def test_importing_the_plugin_loads_nothing_heavy() -> None:
    code = (
        "import sys, pytest; before = set(sys.modules); "
        "import functions_framework.testing.plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(
        [
            "functions_framework",
            "functions_framework.testing",
            "functions_framework.testing.plugin",
        ]
    )


def test_a_server_that_does_not_start_says_why(
    running_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text("1 / 0\n")
    with pytest.raises(RuntimeError, match=r"(?s)exit code 1.*ZeroDivisionError"):
        running_server(tmp_path, "hello")


def test_a_server_that_writes_in_colour_is_ready_too(
    running_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text("def hello(request):\n    return 'x'\n")
    server = running_server(tmp_path, "hello", environ={"FORCE_COLOR": "1", "NO_COLOR": None})
    assert "\x1b[" in server.output
    assert server.get().text == "x"


def test_events_and_values_reach_a_server(
    running_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    (tmp_path / "main.py").write_text(
        "import functions_framework\n@functions_framework.typed\ndef double(n: int) -> int:\n"
        "    return n * 2\n"
    )
    server = running_server(tmp_path, environ={"X": None})
    assert server.invoke(21).json == 42
    assert server.post("/", data=b"x").status == 415
    assert "Serving double" in server.output
    assert server.stop() == 0
