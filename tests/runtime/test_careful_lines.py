"""What is read of a function's lines, whatever else the interpreter parses at that moment."""

from __future__ import annotations

import ast
import gc
import runpy
from typing import TYPE_CHECKING

from functions_framework.runtime.careful_lines import lines_of

if TYPE_CHECKING:
    from pathlib import Path

FUNCTION = """
def function_{}():
    try:
        with open(str(bytes(chr(int(1))))) as file:
            file.read()
    finally:
        print()
"""
NESTED = (
    "def f():\n    try:\n        with a:\n            b(c(d(e(f(1)))))\n    finally:\n        x()\n"
)
NUMBER = 1000


def test_a_parse_in_the_middle_of_another_changes_nothing(tmp_path: Path) -> None:
    """Python 3.11 takes it for a fault of its own; another thread's did, and deadlines ended."""
    source = tmp_path / "many.py"
    source.write_text("".join(map(FUNCTION.format, range(NUMBER))))
    functions = runpy.run_path(str(source))
    count = 0

    def parse(*_: object) -> None:
        nonlocal count
        gc.callbacks.remove(parse)  # not in itself
        ast.parse(NESTED)
        gc.callbacks.append(parse)
        count += 1

    thresholds = gc.get_threshold()
    gc.callbacks.append(parse)
    gc.set_threshold(30, 2, 2)  # often in the middle
    try:
        found = [lines_of(functions[f"function_{number}"].__code__) for number in range(NUMBER)]
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(parse)
    assert count > NUMBER
    for number, lines in enumerate(found):
        first = 7 * number + 2
        assert set(lines.cleaning) == {first + 5}
        assert set(lines.guarded) == {first + 2, first + 3}
