"""Reads a source without running it: calls that block an event loop, variables it needs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from .findings import WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_THREAD = "call it with 'await asyncio.to_thread(…)'"
_CLIENT = f"use an async HTTP client, or {_IN_THREAD}"
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
# What blocks, by its full name, and what to do instead.
_BLOCKING = {
    "time.sleep": "use 'await asyncio.sleep(…)'",
    "open": _IN_THREAD,
    "input": _IN_THREAD,
    "io.open": _IN_THREAD,
    "os.system": "use 'await asyncio.create_subprocess_shell(…)'",
    "os.popen": "use 'await asyncio.create_subprocess_shell(…)'",
    "urllib.request.urlopen": _CLIENT,
    "socket.create_connection": "use 'await asyncio.open_connection(…)'",
    "sqlite3.connect": _IN_THREAD,
    "psycopg2.connect": f"use an async driver, or {_IN_THREAD}",
    "pymysql.connect": f"use an async driver, or {_IN_THREAD}",
    "shutil.copyfile": _IN_THREAD,
    "shutil.rmtree": _IN_THREAD,
    **{f"requests.{name}": _CLIENT for name in _METHODS},
    **{f"httpx.{name}": "use httpx.AsyncClient" for name in _METHODS},
    **{
        f"subprocess.{name}": "use 'await asyncio.create_subprocess_exec(…)'"
        for name in ("run", "call", "check_call", "check_output")
    },
}
_PATH_METHODS = frozenset({"read_text", "read_bytes", "write_text", "write_bytes"})
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


def blocking_calls(tree: ast.Module) -> list[Finding]:
    """Calls in `async def` functions that stop every other call while they run."""
    names = _imported_names(tree)
    found = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for call in _own_calls(function):
            name = _full_name(call.func, names)
            remedy = _BLOCKING.get(name) or _path_remedy(call)
            if remedy:
                shown = name if name in _BLOCKING else f"Path.{name.rpartition('.')[2]}"
                found.append(
                    Finding(
                        WARNING,
                        "blocking-call",
                        f"{shown}() in the async function {function.name!r} blocks every other "
                        f"call; {remedy}.",
                        call.lineno,
                    )
                )
    return sorted(found, key=lambda finding: finding.line or 0)


def _own_calls(function: ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """The calls a function makes itself: none that are awaited, none of functions inside."""
    awaited: set[ast.AST] = set()
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.Await):
            awaited.add(node.value)
        if isinstance(node, ast.Call) and node not in awaited:
            yield node
        pending.extend(ast.iter_child_nodes(node))


def _path_remedy(call: ast.Call) -> str | None:
    """For `Path(…).read_text()` and its like; other objects have methods of these names too."""
    function = call.func
    is_on_path = (
        isinstance(function, ast.Attribute)
        and function.attr in _PATH_METHODS
        and isinstance(function.value, ast.Call)
        and isinstance(function.value.func, (ast.Name, ast.Attribute))
        and ast.unparse(function.value.func) in {"Path", "pathlib.Path"}
    )
    return _IN_THREAD if is_on_path else None


def _imported_names(tree: ast.Module) -> dict[str, str]:
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


def _full_name(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{_full_name(node.value, names)}.{node.attr}"
    return ""


def needed_variables(tree: ast.Module) -> list[NeededVariable]:
    """Variables read as `os.environ["NAME"]`, which fails when they are not set.

    Those the source sets itself, and those read where `KeyError` is handled, are not needed.
    """
    names = _imported_names(tree)
    found: dict[str, NeededVariable] = {}
    written: set[str] = set()

    def visit(node: ast.AST, *, is_at_load: bool) -> None:
        if isinstance(node, ast.Try) and _handles_absence(node):
            parts: list[ast.AST] = [*node.handlers, *node.orelse, *node.finalbody]
            for child in parts:
                visit(child, is_at_load=is_at_load)
            return
        if isinstance(node, ast.Subscript) and _full_name(node.value, names) == "os.environ":
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
