"""What each kind of server may import: a list each, so that a new import is a decision."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Loads a function as a worker does and prints the top-level packages from outside the standard
# library, and of the costly ones inside it those that were loaded.
PROBE = """
import json, sys
before = set(sys.modules)
import functions_framework
if len(sys.argv) > 1:
    from functions_framework.server.wire import granian
    from functions_framework.server.worker import build, worker
    from functions_framework.settings import Settings
    settings = Settings(target=sys.argv[1], source=sys.argv[2])
    assert isinstance(worker.load(settings, build.of_target(settings)), worker.Loaded)
    granian.load()
loaded = set(sys.modules) - before
tops = {name.partition(".")[0] for name in loaded}
own = {"functions_framework", "google", "main"}
print(json.dumps({
    "count": len(loaded),
    "outside": sorted(n for n in tops - own if n not in sys.stdlib_module_names and n[0] != "_"),
    "decoding": sorted(n for n in loaded if n.rpartition(".")[2] in (
        "decoded_events", "event_value", "event_routes", "event_handlers", "webhooks")),
    "platforms": sorted(n for n in loaded if ".platforms." in n),
    "servings": [n for n in loaded if n.endswith((".on_threads.serving", ".on_loop.serving"))],
    "sockets": sorted(n for n in loaded if n.startswith("functions_framework.") and (
        "on_sockets" in n or n.rpartition(".")[2] in ("sockets", "conversation", "origin_check"))),
    "costly": sorted({"asyncio", "ctypes", "multiprocessing", "ssl", "concurrent"} & loaded),
}))
"""

SOURCE = """
from functions_framework import cloud_event
def hello(request): return "x"
@cloud_event
def on_event(event): pass
async def waiting(request): return "x"
from functions_framework import websocket
@websocket
async def chat(socket): await socket.accept()
from functions_framework import idempotent
@idempotent(store="memory://")
@cloud_event
def once(event): pass
"""

# Of Flask and Werkzeug some modules: neither package has run.
FLASK = ["blinker", "flask", "markupsafe", "werkzeug"]
EVENTS = ["cloudevents", "msgspec", "typing_extensions"]
STARLETTE = ["anyio", "python_multipart", "starlette", "typing_extensions"]
if sys.version_info < (3, 11):
    STARLETTE.append("exceptiongroup")

# What may be loaded besides the standard library, and how many modules in all: some above what
# it takes today, for other versions of Python and of the libraries.
BUDGETS = {
    "import functions_framework": ([], [], set(), 60),
    "sync http": (["hello"], FLASK, set(), 330),
    "sync cloudevent": (["on_event"], EVENTS, set(), 265),
    "sync cloudevent, idempotent": (["once"], EVENTS, set(), 285),
    "websocket": (["chat"], STARLETTE, {"asyncio", "ssl", "concurrent"}, 400),
    "async http": (["waiting"], STARLETTE, {"asyncio", "ssl", "concurrent"}, 380),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_no_more_is_imported_than_the_budget_allows(name: str, tmp_path: Path) -> None:
    target, outside, costly, count = BUDGETS[name]
    source = tmp_path / "main.py"
    source.write_text(SOURCE, encoding="utf-8")
    arguments = [*target, str(source)] if target else []
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True
    )
    found = json.loads(result.stdout)
    # A namespace package of setuptools' editable installs shows up under a name of its own.
    beyond = {item for item in found["outside"] if "editable" not in item} - set(outside)
    assert beyond - {"granian"} == set()
    assert set(found["costly"]) <= costly
    assert found["count"] <= count
    # Only for functions whose parameters are decoded events, or that share an endpoint.
    assert found["decoding"] == []
    # Servers without WebSockets know nothing of them.
    assert bool(found["sockets"]) == (name == "websocket")
    # Sync servers know nothing of the event loop, and async ones nothing of threads.
    assert len(found["servings"]) <= 1
    # Of a platform nothing but the question whether this is one.
    assert {name.rpartition(".")[2] for name in found["platforms"]} <= {"azure", "switch"}


# What the command's own process loads before its first worker is made.
PARENT = """
import sys
before = set(sys.modules)
from functions_framework.commands import launch
settings = launch.plain_settings(["--target", "hello", "--source", sys.argv[1]])
from functions_framework.server import start
assert settings and start.is_plainly_there(settings)
from functions_framework.server.worker import build
build.of_target(settings)
print(*set(sys.modules) - before)
"""
# Some are a megabyte, and pages of the parent process are seldom shared for long.
LARGE = {"asyncio", "dataclasses", "inspect", "json", "logging", "pathlib", "re", "typing"}


def test_the_parent_process_stays_small(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(SOURCE, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", PARENT, str(source)], capture_output=True, text=True, check=True
    )
    assert LARGE & set(result.stdout.split()) == set()


# A handler of AWS Lambda from its import to the end of its first invoke: what a cold start is.
LAMBDA = """
import json, sys
before = set(sys.modules)
from functions_framework.platforms import aws_lambda
class Context:
    aws_request_id = "1"
    def get_remaining_time_in_millis(self): return 3000
print(aws_lambda.handler(json.loads(sys.argv[1]), Context()))
loaded = set(sys.modules) - before
tops = {name.partition(".")[0] for name in loaded}
own = {"functions_framework", "google", "main"}
print(json.dumps({
    "count": len(loaded),
    "outside": sorted(n for n in tops - own if n not in sys.stdlib_module_names and n[0] != "_"),
    "costly": sorted({"asyncio", "ctypes", "multiprocessing", "ssl", "concurrent"} & loaded),
    "server": sorted(name for name in loaded if name.startswith("functions_framework.server")),
}))
"""
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}
REQUEST = {"httpMethod": "GET", "path": "/"}
LAMBDA_BUDGETS = {
    "sync cloudevent": ("on_event", EVENT, EVENTS, set(), 290),
    "sync http": ("hello", REQUEST, FLASK, {"ssl"}, 440),
    "async http": ("waiting", REQUEST, STARLETTE, {"asyncio", "ssl", "concurrent"}, 400),
}


@pytest.mark.parametrize("name", LAMBDA_BUDGETS)
def test_a_handler_of_lambda_imports_no_more_than_it_needs(name: str, tmp_path: Path) -> None:
    target, payload, outside, costly, count = LAMBDA_BUDGETS[name]
    source = tmp_path / "main.py"
    source.write_text(SOURCE, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", LAMBDA, json.dumps(payload)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FUNCTION_TARGET": target, "FUNCTION_SOURCE": str(source)},
    )
    found = json.loads(result.stdout.splitlines()[-1])
    beyond = {item for item in found["outside"] if "editable" not in item} - set(outside)
    assert beyond == set()
    assert set(found["costly"]) <= costly
    assert found["count"] <= count
    assert found["server"] == []
