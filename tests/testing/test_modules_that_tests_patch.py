"""Sources that are imported while `sys.modules` is patched, which takes out what came meanwhile."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from support.nested_pytest import PYTEST

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import functions_framework
import sdk_of_others

@functions_framework.errorhandler(KeyError)
def handle(error):
    return "handled", 409

@functions_framework.http
def crash(request):
    raise KeyError

@functions_framework.cloud_event
def on_event(event):
    raise functions_framework.Drop(event["id"])

@functions_framework.typed
async def double(number: int) -> int:
    return number * 2
"""

TESTS = """
import sys
from pathlib import Path
from unittest import mock

with mock.patch.dict(sys.modules, {"sdk_of_others": mock.MagicMock()}):
    import main

def test_clients():
    from functions_framework.testing import Client, cloud_event
    (verdict,) = Client(main.on_event).send(cloud_event(id="7")).verdicts
    assert verdict.reason == "7"
    assert Client(main.double).invoke(3).json == 6
    assert Client(main.crash).get().text == "handled"

def test_app():
    import functions_framework
    with mock.patch.dict(sys.modules, {"sdk_of_others": mock.MagicMock()}):
        app = functions_framework.create_app("crash", Path(__file__).with_name("main.py"))
    assert app.test_client().get("/").text == "handled"
"""


def test_functions_keep_what_their_decorators_said(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    (tmp_path / "test_it.py").write_text(TESTS)
    for name in ("test_clients", "test_app"):
        run = subprocess.run(
            [*PYTEST, "-q", "-k", name], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
