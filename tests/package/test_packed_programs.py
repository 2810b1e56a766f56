"""What is imported by name has a statement too: PyInstaller and such pack up what those import."""

from __future__ import annotations

import ast
import importlib.util

import pytest

import functions_framework
from functions_framework import aio, logs, testing
from functions_framework.server.wire import granian


def _imported(module: object) -> set[str]:
    """The modules that statements of a module import, and those they may import a name as."""
    path, package = module.__file__, module.__package__  # type: ignore[attr-defined]
    found = set()
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {home} | {f"{home}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (functions_framework, functions_framework._PUBLIC.values()),
        (aio, aio._LAZY.values()),
        (logs, [f".{name}" for name in logs._LAZY.values()]),
        (testing, [f".{name}" for name in testing._PUBLIC.values()]),
        (granian, ["granian._granian"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_modules_imported_by_name_are_found_by_tools(module: object, names: list[str]) -> None:
    package: str = module.__package__  # type: ignore[attr-defined]
    wanted = {importlib.util.resolve_name(name, package) for name in names}
    assert wanted <= _imported(module)
