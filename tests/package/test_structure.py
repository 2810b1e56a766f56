"""The tree of the package: which folders there are, and that imports run one way through them."""

from __future__ import annotations

import ast
import functools
from typing import TYPE_CHECKING

import pytest

from docs.pages import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

PACKAGE = ROOT / "src" / "functions_framework"

# Each imports only from those above it.
ORDER = (
    "exceptions", "runtime", "model", "stores", "events", "signatures", "api", "settings", "logs",
    "loading", "hosts", "calls", "telemetry", "recording", "console", "platforms", "server",
    "testing", "deployment", "commands",
)  # fmt: skip
# Names that other people import: they hand on what the folders hold, and nothing imports them.
PUBLIC = (
    "__init__", "__main__", "_cli", "_http", "aio", "background_event", "event_conversion",
    "execution_id", "py.typed",
)  # fmt: skip


def _name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")


MODULES = {_name(path): path for path in PACKAGE.rglob("*.py") if "projects" not in path.parts}


def _known(dotted: str) -> str | None:
    """The module of the package that a dotted name below it stands for."""
    return next((name for name in (dotted, f"{dotted}.__init__") if name in MODULES), None)


def _imports(name: str) -> Iterator[str]:
    """The modules of the package that a module imports: lazily and for its types too."""
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                parts = name.split(".")[: -node.level]
                module = ".".join(["functions_framework", *parts, *filter(None, [module])])
            for alias in node.names:
                yield from _inside(f"{module}.{alias.name}", module)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _inside(alias.name)


def _inside(*dotted: str) -> Iterator[str]:
    for item in dotted:
        top, _, below = item.partition(".")
        known = _known(below or "__init__") if top == "functions_framework" else None
        if known is not None:
            yield known
            return


@functools.cache
def _all_imports() -> dict[str, set[str]]:
    """What each module imports: asked by tests alone, as workers of pytest all import this file."""
    return {name: set(_imports(name)) - {name} for name in MODULES}


def _rank(name: str) -> int:
    top = name.partition(".")[0]
    return ORDER.index(top) if top in ORDER else len(ORDER)


def test_imports_run_one_way_through_the_folders() -> None:
    upward = {
        f"{name} -> {imported}"
        for name, found in _all_imports().items()
        for imported in found
        if _rank(imported) > _rank(name)
    }
    assert upward == set()


def _circles() -> set[frozenset[str]]:
    """The groups of modules that reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: set[frozenset[str]] = set()

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for imported in _all_imports()[name]:
            if imported not in index:
                visit(imported)
                low[name] = min(low[name], low[imported])
            elif imported in stack:
                low[name] = min(low[name], index[imported])
        if low[name] == index[name]:
            at = stack.index(name)
            group = frozenset(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.add(group)

    for name in _all_imports():
        if name not in index:
            visit(name)
    return found


def test_no_modules_import_each_other() -> None:
    assert _circles() == set()


def test_the_top_holds_the_folders_and_the_names_of_others() -> None:
    top = {item.name.removesuffix(".py") for item in PACKAGE.iterdir() if item.name[0] != "."}
    assert top - {"__pycache__"} == {*ORDER, *PUBLIC}


def _longest_function(tree: ast.AST) -> int:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
    return max(((node.end_lineno or 0) - node.lineno + 1 for node in functions), default=0)


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_are_short(name: str) -> None:
    text = MODULES[name].read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    assert _longest_function(ast.parse(text)) <= 40


def test_files_that_only_mark_a_package_hold_no_code() -> None:
    public = {"__init__", "_http.__init__", "aio.__init__", "logs.__init__", "settings.__init__"}
    public |= {"signatures.__init__", "testing.__init__", "platforms.aws_lambda.__init__"}
    marks = {name for name in MODULES if name.endswith("__init__")} - public
    assert {
        name
        for name in marks
        if len(ast.parse(MODULES[name].read_text(encoding="utf-8")).body) != 1
    } == set()
