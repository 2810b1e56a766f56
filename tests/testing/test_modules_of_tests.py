"""The modules of tests beside a source stay what they are while it runs: it may use them."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.testing import Client

if TYPE_CHECKING:
    from conftest import SourceTree

SOURCE = """
import functions_framework

@functions_framework.resource
def db(): ...

@functions_framework.http
def hello(request):
    return db().name()
"""

FAKES = """
MADE = []

class Fake:
    def name(self):
        from .fakes import MADE
        MADE.append(self)
        return "fake"
"""


@pytest.mark.parametrize(
    ("source", "package", "inits"),
    [
        ("main.py", "shop_tests", ["shop_tests"]),
        ("shop/main.py", "shop.tests", ["shop", "shop/tests"]),
        ("shop/main.py", "shop.tests.unit", ["shop", "shop/tests", "shop/tests/unit"]),
    ],
)
def test_what_a_test_gives_to_a_source_imports_its_own_module(
    sources: SourceTree,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    package: str,
    inits: list[str],
) -> None:
    sources.put(source, SOURCE)
    for directory in inits:
        sources.put(f"{directory}/__init__.py", "")
    sources.put(f"{inits[-1]}/fakes.py", FAKES)
    monkeypatch.syspath_prepend(str(sources.root))
    fakes = importlib.import_module(f"{package}.fakes")
    try:
        path = (sources.root / source).parent
        client = Client(path, target="hello", overrides={"db": fakes.Fake()})
        assert client.get("/").text == "fake"
        assert len(fakes.MADE) == 1
    finally:
        for name in [name for name in sys.modules if name.startswith("shop")]:
            del sys.modules[name]
