"""Reads a source without running it: which calls block an event loop."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from functions_framework.loading.needed_variables import full_name, imported_names

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


def blocking_calls(tree: ast.Module) -> list[Finding]:
    """Calls in `async def` functions that stop every other call while they run."""
    names = imported_names(tree)
    found = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.AsyncFunctionDef):
            continue
        for call in _own_calls(function):
            name = full_name(call.func, names)
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
