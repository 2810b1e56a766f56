"""Modules that run more than once in a process: hooks and middleware are those of the last run."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import create_app
from functions_framework.testing import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import SourceTree

pytestmark = pytest.mark.usefixtures("nothing_registered")

SOURCE = """
import functions_framework

SEEN = []

@functions_framework.on_startup
def start():
    SEEN.append("start")

@functions_framework.on_startup
def _():
    SEEN.append("again")

@functions_framework.on_startup
def _():
    SEEN.append("and again")

begin = functions_framework.on_startup
begin(lambda: SEEN.append("a")), begin(lambda: SEEN.append("b"))

def around_of(name):
    @functions_framework.middleware
    def around(invocation, call_next):
        SEEN.append(name)
        return call_next(invocation)

around_of("outer")
around_of("inner")

@functions_framework.http
def hello(request):
    return "Hello!"
"""
ONCE = ["start", "again", "and again", "a", "b", "outer", "inner"]


@pytest.fixture
def imported(sources: SourceTree, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    sources.put("run_again.py", SOURCE)
    monkeypatch.syspath_prepend(str(sources.root))
    yield importlib.import_module("run_again")
    sys.modules.pop("run_again", None)


def test_a_module_that_is_reloaded(imported: ModuleType) -> None:
    module = importlib.reload(importlib.reload(imported))
    assert Client(module.hello).get().text == "Hello!"
    assert module.SEEN == ONCE


def test_a_module_that_is_imported_afresh(imported: ModuleType) -> None:
    del sys.modules["run_again"]
    module = importlib.import_module("run_again")
    for each in (imported, module):
        assert Client(each.hello).get().text == "Hello!"
        assert each.SEEN == ONCE


def test_an_app_of_a_module_that_was_imported(imported: ModuleType, sources: SourceTree) -> None:
    app = create_app("hello", sources.root / "run_again.py")
    assert app.test_client().get("/").text == "Hello!"
    assert sys.modules["run_again"].SEEN == ONCE
    assert imported.SEEN == []


def test_cells_of_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook: Any = ModuleType("notebook_of_test")
    monkeypatch.setitem(sys.modules, "notebook_of_test", notebook)
    for cell in (SOURCE, SOURCE.replace('"start"', '"changed"')):
        exec(compile(cell, f"cell-{hash(cell)}.py", "exec"), vars(notebook))
    assert Client(notebook.hello).get().text == "Hello!"
    first, *rest = notebook.SEEN
    assert (first, rest) == ("changed", ONCE[1:])
