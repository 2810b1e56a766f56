"""Which environment variables a source needs, read off its text; told when a load misses one."""

from __future__ import annotations

import ast
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_HANDLES_ABSENCE = frozenset({"KeyError", "LookupError", "Exception", "BaseException"})


class NeededVariable(NamedTuple):
    """An environment variable a source reads without a default.

    Attributes:
        name: the variable.
        line: where it is read first, from 1.
        is_at_load: whether loading the source already needs it.
    """

    name: str
    line: int
    is_at_load: bool


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What the names that imports bind stand for: `sleep` for `time.sleep`."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                names[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def full_name(node: ast.expr, names: dict[str, str]) -> str:
    """The full name of what an expression names, empty if it isn't a valid name."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{full_name(node.value, names)}.{node.attr}"
    return ""


def needed_variables(tree: ast.Module) -> list[NeededVariable]:
    """Variables read as `os.environ["NAME"]`, which fails when they are not set.

    Those the source sets itself, and those read where `KeyError` is handled, are not needed.
    """
    names = imported_names(tree)
    found: dict[str, NeededVariable] = {}
    written: set[str] = set()

    def visit(node: ast.AST, *, is_at_load: bool) -> None:
        if isinstance(node, ast.Try) and _handles_absence(node):
            parts: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
            for child in parts:
                visit(child, is_at_load=is_at_load)
            return
        if isinstance(node, ast.Subscript) and full_name(node.value, names) == "os.environ":
            _note(node, found, written, is_at_load=is_at_load)
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, is_at_load=is_at_load and not is_function)

    visit(tree, is_at_load=True)
    needed = [variable for name, variable in found.items() if name not in written]
    return sorted(needed, key=lambda variable: variable.line)


def _note(
    node: ast.Subscript, found: dict[str, NeededVariable], written: set[str], *, is_at_load: bool
) -> None:
    if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
        return
    name = node.slice.value
    if not isinstance(node.ctx, ast.Load):
        written.add(name)
    elif name not in found or (is_at_load and not found[name].is_at_load):
        found[name] = NeededVariable(name, node.lineno, is_at_load)


def _handles_absence(node: ast.Try) -> bool:
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        if any(kind is None or getattr(kind, "id", "") in _HANDLES_ABSENCE for kind in kinds):
            return True
    return False


def missing_variables(error: BaseException, path: Path) -> str | None:
    """What to say of a load that missed a variable: all that are missing, not only the first.

    Args:
        error: what ended the load.
        path: the source.

    Returns:
        A sentence or two; None where reading the source does not tell that it was a variable.
    """
    if not isinstance(error, KeyError):
        return None
    missing = [
        one
        for one in needed_variables(ast.parse(path.read_bytes()))
        if one.is_at_load and one.name not in os.environ
    ]
    if not error.args or error.args[0] not in {one.name for one in missing}:
        return None
    listed = ", ".join(f"{one.name} ({path.name}:{one.line})" for one in missing)
    return (
        f"The source needs environment variables that are not set: {listed}. Set them, or name a "
        "file that holds them: --env-file FILE."
    )
