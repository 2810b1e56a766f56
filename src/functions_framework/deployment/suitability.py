"""What of a source will not work on a platform, and why: its functions, settings and text compared.

Nothing is run. What the text doesn't tell (how long a call takes, how large a body is) isn't found.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.loading.needed_variables import full_name, imported_names
from functions_framework.model.function import Signature, code_of
from functions_framework.settings import Settings
from functions_framework.settings.parsers import show_size

from .limits import LIMITS, Limits
from .platforms import PLATFORMS
from .project import served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions_framework.model.function import Function

_PACKAGE = "functions_framework"
# What starts work that a response doesn't wait for.
_IN_BACKGROUND = frozenset({
    "threading.Thread", "threading.Timer", "multiprocessing.Process", "asyncio.create_task",
    "asyncio.ensure_future", "starlette.background.BackgroundTask",
    "starlette.background.BackgroundTasks", "concurrent.futures.ThreadPoolExecutor",
})  # fmt: skip
# Whose events they are, by the beginning of their types, where only that cloud sends them.
_CLOUDS = {
    "google.": frozenset({"aws-lambda", "azure"}),
    "com.amazonaws.": frozenset({"azure", "cloud-run"}),
    "Microsoft.": frozenset({"aws-lambda", "cloud-run"}),
    "com.microsoft.azure.": frozenset({"aws-lambda", "cloud-run"}),
}
_WRITING = frozenset("wax+")


class Shortcoming(NamedTuple):
    """Something that will not work.

    Attributes:
        level: `error` where it cannot work, `warning` where it may go wrong.
        code: a word for programs.
        text: what was found, why it will not work, and what to do.
        line: the line of the source, from 1; None for the source as a whole.
    """

    level: str
    code: str
    text: str
    line: int | None = None


def shortcomings(
    platform: str, functions: Sequence[Function], settings: Settings, tree: ast.Module
) -> list[Shortcoming]:
    """What of a source will not work on a platform.

    Args:
        platform: one of `PLATFORMS`.
        functions: what was loaded.
        settings: what they are served with.
        tree: the source, parsed.
    """
    limits = LIMITS.get(platform)
    if limits is None:
        return []
    title = PLATFORMS[platform].title
    found = [
        *_of_functions(title, limits, functions),
        *_of_events(platform, functions),
        *_of_settings(title, limits, settings),
        *_of_text(title, limits, tree),
        *_of_idempotency(title, functions, settings),
    ]
    return sorted(found, key=lambda one: one.line or 0)


def _of_functions(
    title: str, limits: Limits, functions: Sequence[Function]
) -> Iterator[Shortcoming]:
    for function, one in zip(functions, served(functions), strict=True):
        code = code_of(function.call)
        line = code.co_firstlineno if code else None
        if one.is_streaming and not limits.streams:
            text = (
                f"{title} sends a response once it is whole: the parts that {one.name!r} makes "
                "arrive together, at its end."
            )
            yield Shortcoming("warning", "no-streams", text, line)
        if function.signature is Signature.WEBSOCKET and not limits.websockets:
            text = f"{title} lets no WebSockets through, and the function {one.name!r} is one."
            yield Shortcoming("error", "no-websockets", text, line)


def _of_events(platform: str, functions: Sequence[Function]) -> Iterator[Shortcoming]:
    title = PLATFORMS[platform].title
    for function, one in zip(functions, served(functions), strict=True):
        code = code_of(function.call)
        line = code.co_firstlineno if code else None
        strangers = tuple(start for start, where in _CLOUDS.items() if platform in where)
        if one.types and all(kind.startswith(strangers) for kind in one.types):
            text = (
                f"The function {one.name!r} takes events of another cloud ({one.types[0]}), which "
                f"{title} doesn't send."
            )
            yield Shortcoming("warning", "other-cloud", text, line)
        if platform == "knative-func" and one.takes_events and one.path not in {None, "/"}:
            text = (
                f"Subscriptions of {title} send to / only, and the function {one.name!r} is at "
                f"{one.path}. Give it type= and no path, or use the platform knative."
            )
            yield Shortcoming("warning", "path", text, line)


def _of_settings(title: str, limits: Limits, settings: Settings) -> Iterator[Shortcoming]:
    if limits.timeout is not None and settings.timeout > limits.timeout:
        text = (
            f"A call may take {limits.timeout:g} seconds on {title}, and --timeout says "
            f"{settings.timeout:g}. It is ended by {limits.timeout_source}."
        )
        yield Shortcoming("error", "timeout", text)
    if limits.body is not None and settings.max_body_size > limits.body:
        text = (
            f"A request's body may have {show_size(limits.body)} bytes on {title}, and "
            f"--max-body-size says {show_size(settings.max_body_size)}."
        )
        yield Shortcoming("error", "body", text)
    is_asked = settings.grace_period != Settings.default("grace_period")
    if limits.stop is not None and is_asked and settings.grace_period >= limits.stop:
        text = (
            f"{title} kills {limits.stop:g} seconds after SIGTERM, and --grace-period says "
            f"{settings.grace_period:g}."
        )
        yield Shortcoming("warning", "grace-period", text)


def _of_text(title: str, limits: Limits, tree: ast.Module) -> Iterator[Shortcoming]:
    names = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _of_decorators(title, limits, node, names)
        if not isinstance(node, ast.Call):
            continue
        name = full_name(node.func, names)
        if name == f"{_PACKAGE}.sse" and not limits.streams:
            text = f"{title} sends a response once it is whole: events of sse() arrive at its end."
            yield Shortcoming("warning", "no-streams", text, node.lineno)
        if name in _IN_BACKGROUND and not limits.runs_after:
            text = (
                f"{title} may stop the process when the response is sent, and what "
                f"{name.rpartition('.')[2]} began with it. Await it, or hand it to a queue."
            )
            yield Shortcoming("warning", "background", text, node.lineno)
        path = _written(node, name)
        if path and limits.writable and not _is_below(path, limits.writable):
            text = (
                f"Files may be written below {limits.writable} only on {title}, and this writes "
                "elsewhere."
            )
            yield Shortcoming("warning", "read-only", text, node.lineno)


def _of_decorators(
    title: str,
    limits: Limits,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    names: dict[str, str],
) -> Iterator[Shortcoming]:
    for decorator in function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = full_name(called, names)
        if name == f"{_PACKAGE}.on_shutdown" and not limits.is_stopped:
            text = (
                f"{title} doesn't say when it ends a process, so {function.name!r} may never run. "
                "Keep what matters at the end of each call."
            )
            yield Shortcoming("warning", "no-shutdown", text, function.lineno)


def _of_idempotency(
    title: str, functions: Sequence[Function], settings: Settings
) -> Iterator[Shortcoming]:
    for function in functions:
        rules = function.options.get("idempotent")
        store = None if rules is None else rules.store or settings.idempotency_store or ""
        if not isinstance(store, str) or store.startswith("redis"):
            continue  # not protected, or in a store that all share
        code = code_of(function.call)
        text = (
            f"{title} runs several instances, and calls of {function.name!r} are kept in a file of "
            "each. Share them: --idempotency-store redis://HOST."
        )
        yield Shortcoming("warning", "idempotency", text, code.co_firstlineno if code else None)


def _written(call: ast.Call, name: str) -> str:
    """The path that a call opens for writing, where the text says it; else empty."""
    path: ast.expr | None = None
    if name in {"open", "io.open"} and call.args:
        mode = call.args[1] if len(call.args) > 1 else None
        mode = next((one.value for one in call.keywords if one.arg == "mode"), mode)
        if isinstance(mode, ast.Constant) and _WRITING & set(str(mode.value)):
            path = call.args[0]
    function = call.func
    if isinstance(function, ast.Attribute) and function.attr in {"write_text", "write_bytes"}:
        inner = function.value
        if isinstance(inner, ast.Call) and ast.unparse(inner.func) in {"Path", "pathlib.Path"}:
            path = inner.args[0] if inner.args else None
    return path.value if isinstance(path, ast.Constant) and isinstance(path.value, str) else ""


def _is_below(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory}/")
