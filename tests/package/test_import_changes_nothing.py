"""Importing the package leaves the process as it was, and brings next to nothing with it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

PROBE = """
import json, logging, os, signal, sys, threading, warnings
def state():
    return {{
        "environ": dict(os.environ), "path": sys.path[:], "meta_path": len(sys.meta_path),
        "hooks": [repr(sys.excepthook), repr(threading.excepthook), repr(sys.breakpointhook)],
        "logging": [repr(logging.root.handlers), logging.root.level, logging.root.manager.disable],
        "streams": [id(sys.stdout), id(sys.stderr)], "threads": threading.active_count(),
        "signals": [repr(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM)],
        "filters": len(warnings.filters), "cwd": os.getcwd(),
    }}
before, known = state(), set(sys.modules)
import {module}
print(json.dumps([before, state(), sorted(set(sys.modules) - known)]))
"""
HEAVY = {
    "asyncio", "click", "cloudevents", "flask", "granian", "msgspec", "starlette", "watchfiles",
    "werkzeug",
}  # fmt: skip


def probe(module: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    answer = subprocess.run(
        [sys.executable, "-c", PROBE.format(module=module)],
        capture_output=True,
        check=True,
        text=True,
    )
    before, after, loaded = json.loads(answer.stdout)
    assert answer.stderr == ""
    return before, after, loaded


@pytest.mark.parametrize(
    "module",
    [
        "functions_framework",
        "functions_framework.loading.load",
        "functions_framework.loading.source",
        "functions_framework.server.parent.watcher",
        "functions_framework.settings",
        "functions_framework.exceptions",
    ],
)
def test_importing_changes_nothing_and_loads_nothing_heavy(module: str) -> None:
    before, after, loaded = probe(module)
    assert after == before
    assert HEAVY.isdisjoint(name.partition(".")[0] for name in loaded)


def test_the_package_alone_loads_no_module_of_its_own() -> None:
    _, _, loaded = probe("functions_framework")
    assert [name for name in loaded if name.startswith("functions_framework")] == [
        "functions_framework"
    ]


def test_the_command_module_changes_nothing() -> None:
    before, after, loaded = probe("functions_framework._cli")
    assert after == before
    assert (HEAVY - {"click"}).isdisjoint(name.partition(".")[0] for name in loaded)
