"""Each app of a source has what the modules it imports registered: these run for the first only."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from functions_framework import create_app

with warnings.catch_warnings():
    # Newer ones would rather have another client library than the one the tests need anyway.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from conftest import SourceTree

pytestmark = pytest.mark.usefixtures("nothing_registered")

BESIDE = """
import functions_framework

CALLS = []

@functions_framework.errorhandler(LookupError)
def handle(error):
    return "handled", 418

@functions_framework.middleware
def around(invocation, call_next):
    CALLS.append("around")
    return call_next(invocation)

@functions_framework.on_startup
def start():
    CALLS.append("start")
"""

SOURCE = """
import functions_framework
import beside_it

@functions_framework.http
{kind} hello(request):
    raise LookupError
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("is_imported_before", [False, True])
def test_each_app_has_the_handlers_of_the_modules_its_source_imports(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, kind: str, *, is_imported_before: bool
) -> None:
    sources.put("beside_it.py", BESIDE)
    sources.put("main.py", SOURCE.format(kind=kind))
    sources.put("elsewhere/main.py", "def hello(request):\n    raise LookupError\n")
    if is_imported_before:  # by the test
        monkeypatch.syspath_prepend(str(sources.root))
        __import__("beside_it")
    for number in range(1, 4):
        app = create_app("hello", sources.root / "main.py")
        client = app.test_client() if kind == "def" else TestClient(app)
        assert client.get("/").text == "handled"
        assert sys.modules["beside_it"].CALLS.count("around") == number
    assert sys.modules["beside_it"].CALLS.count("start") == (kind == "def")
    other = create_app("hello", sources.root / "elsewhere" / "main.py")
    assert other.test_client().get("/").headers["X-Google-Status"] == "crash"
