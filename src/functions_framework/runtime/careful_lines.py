"""Lines of a function at which it must not be interrupted, read from its source.

Only reads: what follows from it is said in `interruption`.
"""

from __future__ import annotations

import ast
import contextlib
import dis
import inspect
import sys
import tokenize
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import CodeType

Lines = frozenset[int]

_TAKES = frozenset({"acquire", "acquire_lock", "_acquireLock"})
_WAITS = frozenset({"sleep"})
_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign)
_TRIES = (ast.Try, getattr(ast, "TryStar", ast.Try))
_MOST_KEPT = 4096
_MOST_TRIES = 100
# Without one of these a function of Python 3.10 has neither `try` nor `with`.
_SETUPS = {dis.opmap[name] for name in ("SETUP_FINALLY", "SETUP_WITH") if name in dis.opmap}


class CarefulLines(NamedTuple):
    """What a function's lines are about.

    Attributes:
        cleaning: in a `finally` block.
        taking: may have taken what nothing returns yet: the head of a `with`, what stands right
            before a `try` with a `finally`, calls of `acquire`.
        waiting: nothing but a call of `sleep`.
        guarded: in the body of a `try`.
    """

    cleaning: Lines = frozenset()
    taking: Lines = frozenset()
    waiting: Lines = frozenset()
    guarded: Lines = frozenset()


_NONE = CarefulLines()
_known: dict[CodeType, CarefulLines] = {}


def lines_of(code: CodeType) -> CarefulLines:
    """What there is to know of a function's lines; nothing where there is no source."""
    found = _known.get(code)
    if found is None:
        found = _read(code) if _may_matter(code) else _NONE
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        _known[code] = found
    return found


def _may_matter(code: CodeType) -> bool:
    if not _TAKES.isdisjoint(code.co_names) or not _WAITS.isdisjoint(code.co_names):
        return True
    if sys.version_info >= (3, 11):
        return bool(code.co_exceptiontable)
    return not _SETUPS.isdisjoint(code.co_code[::2])


def _read(code: CodeType) -> CarefulLines:
    try:
        with tokenize.open(code.co_filename) as file:
            lines = file.readlines()
        first = code.co_firstlineno
        block = "".join(inspect.getblock(lines[first - 1 :]))
        # A method is indented, and may hold a text that is not.
        is_indented = block[:1].isspace()
        tree = _parsed("if True:\n" + block if is_indented else block)
    except (OSError, RecursionError, SyntaxError, ValueError, tokenize.TokenError):
        return _NONE
    ast.increment_lineno(tree, first - 1 - is_indented)
    return _sorted_lines(tree)


def _parsed(text: str) -> ast.AST:
    """Parse, though something else is parsed meanwhile.

    Python 3.11 counts the depth of all trees that it makes in one number. It takes what another
    thread, or a finalizer, adds to it for a fault of its own, which would end who looks for late
    calls.
    """
    for _ in range(_MOST_TRIES):
        with contextlib.suppress(SystemError):
            return ast.parse(text)
    raise ValueError(text)


def _sorted_lines(tree: ast.AST) -> CarefulLines:
    cleaning: set[int] = set()
    taking: set[int] = set()
    waiting: set[int] = set()
    guarded: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, _TRIES):
            cleaning.update(_range(node.finalbody))
            guarded.update(_range(node.body))
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            taking.update(range(node.lineno, max(node.body[0].lineno, node.lineno + 1)))
        elif isinstance(node, ast.Call) and _name(node) in _TAKES:
            taking.update(_range([node]))
        elif isinstance(node, ast.Expr) and _is_wait(node.value):
            waiting.update(_range([node]))
        for body in _bodies(node):
            taking.update(_before_cleaning(body))
    return CarefulLines(*map(frozenset, (cleaning, taking, waiting - taking, guarded)))


def _range(nodes: Sequence[ast.stmt | ast.expr]) -> range:
    if not nodes:
        return range(0)
    return range(nodes[0].lineno, (nodes[-1].end_lineno or nodes[-1].lineno) + 1)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", "") or getattr(call.func, "id", "")


def _is_wait(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and _name(value) in _WAITS


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        body = getattr(node, name, None)
        if isinstance(body, list):
            yield body


def _before_cleaning(body: list[ast.stmt]) -> Iterator[int]:
    """The lines of what stands right before a `try` with a `finally`, and that line itself."""
    for number, item in enumerate(body):
        if isinstance(item, _TRIES) and item.finalbody:
            yield item.lineno
            before = body[number - 1] if number else None
            if isinstance(before, _SIMPLE):
                yield from _range([before])
            elif isinstance(before, (ast.If, ast.While)):
                yield from range(before.lineno, before.body[0].lineno)
