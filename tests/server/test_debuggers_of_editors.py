"""Breakpoints of an editor's debugger stop in served functions, and go on after a restart."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from support.debug_client import Editor
from support.debugged_program import LINE, TEXT, ask, started, stops_after_a_restart
from support.served_source import written
from support.server_process import free_port, is_alive, wait_until

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.once,
]

PAGE = Path(__file__).parents[2] / "docs" / "debugging.md"
KINDS = pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])


ATTACH = {"type": "debugpy", "request": "attach"}


@pytest.mark.parametrize(
    ("flags", "prefix"),
    [([], ""), ([], "async "), (["--reload"], "async "), (["--debug"], "")],
    ids=str,
)
def test_debugpy_stops_in_the_function(flags: list[str], prefix: str, tmp_path: Path) -> None:
    source = written(tmp_path.resolve(), f"{prefix}{TEXT}")
    debug_port, port = free_port(), free_port()
    command = ["-Xfrozen_modules=off", "-m", "debugpy", "--listen", f"127.0.0.1:{debug_port}"]
    served = ["--target", "hello", "--host", "127.0.0.1", "--port", str(port), "--timeout", "0.5"]
    with (
        started(
            tmp_path, *command, "--wait-for-client", "-m", "functions_framework", *served, *flags
        ) as output,
        Editor(debug_port, ATTACH, {str(source): [LINE]}) as editor,
    ):
        answer = ask(port)
        stop = editor.wait_for_stop()
        assert (stop.line, stop.evaluate("value")) == (LINE, "20")
        stop.evaluate("__import__('time').sleep(0.8)")  # longer than the time limit
        stop.go_on()
        assert answer() == "21"
        if flags:
            stops_after_a_restart(editor, source, output, port)
            # The command and two workers: what watches the files has nothing to stop in.
            assert len(editor.sessions) == 3


@KINDS
def test_a_restart_leaves_a_call_that_has_stopped_alone(prefix: str, tmp_path: Path) -> None:
    source = written(tmp_path.resolve(), f"{prefix}{TEXT}")
    debug_port, port = free_port(), free_port()
    command = ["-Xfrozen_modules=off", "-m", "debugpy", "--listen", f"127.0.0.1:{debug_port}"]
    served = ["--target", "hello", "--host", "127.0.0.1", "--port", str(port), "--reload"]
    with (
        started(
            tmp_path, *command, "--wait-for-client", "-m", "functions_framework", *served,
            "--grace-period", "0.1",
        ) as output,
        Editor(debug_port, ATTACH, {str(source): [LINE]}) as editor,
    ):  # fmt: skip
        answer = ask(port)
        stop = editor.wait_for_stop()
        uncalled = "def uncalled():\n    value = 0\n    return value\n"  # has the line that stops
        source.write_text(f"{uncalled}{prefix}def hello(request):\n    return 'changed'\n")
        wait_until(lambda: "Restarted in" in output.read_text(), "a restart", 20)
        stop.evaluate("__import__('time').sleep(0.5)")  # longer than the grace period
        assert stop.evaluate("value * 2") == "40"
        old = int(stop.evaluate("__import__('os').getpid()"))
        stop.go_on()
        assert answer() == "21"
        # While all its threads were stopped it could not stop accepting either.
        wait_until(lambda: not is_alive(old), "the end of the old worker", 20)
        assert ask(port)() == "changed"


def configurations() -> list[dict[str, Any]]:
    """Visual Studio Code's configurations on the page about debugging."""
    found = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [json.loads(text) for text in found]


def test_the_pages_launch_configuration_stops_in_the_function(tmp_path: Path) -> None:
    launch = next(found for found in configurations() if found["request"] == "launch")
    assert launch["type"] == "debugpy"
    source = written(tmp_path.resolve(), TEXT)
    adapter_port, port = free_port(), free_port()
    given = {
        **launch,
        "args": [*launch["args"], "--port", str(port)],
        # What the editor fills in.
        "cwd": str(source.parent),
        "python": [sys.executable],
        "console": "internalConsole",
    }
    with (
        started(tmp_path, "-m", "debugpy.adapter", "--port", str(adapter_port)),
        Editor(adapter_port, given, {str(source): [LINE]}) as editor,
    ):
        answer = ask(port)
        stop = editor.wait_for_stop()
        assert stop.evaluate("value") == "20"
        stop.go_on()
        assert answer() == "21"


def test_the_pages_attach_configuration_fits_its_command() -> None:
    attach = next(found for found in configurations() if found["request"] == "attach")
    assert attach["type"] == "debugpy"
    text = PAGE.read_text(encoding="utf-8")
    port = attach["connect"]["port"]
    assert f"python -m debugpy --listen {port} -m functions_framework --target hello" in text
    assert attach["connect"]["host"] == "localhost"


def test_coverage_sees_functions_that_are_served(tmp_path: Path) -> None:
    """What traces threads through `threading` is let into the engine's own."""
    source = written(
        tmp_path,
        "import threading\nseen = []\n"
        "def trace(frame, event, arg):\n"
        "    if frame.f_code.co_name == 'hello' and event == 'line':\n"
        "        seen.append(frame.f_lineno)\n"
        "    return trace\n"
        "threading.settrace(trace)\n"
        "def hello(request):\n"
        "    first = len(seen)\n"
        "    return str(first)\n",
    )
    port = free_port()
    served = ["--target", "hello", "--host", "127.0.0.1", "--port", str(port)]
    with started(tmp_path, "-m", "functions_framework", "--source", str(source), *served):
        assert ask(port)() == "1"
