"""Exceptions that are raised from outside, and taken back."""

from __future__ import annotations

import subprocess
import sys

import pytest

TRACED = """
import sys
import threading

from functions_framework.runtime.thread_exceptions import raise_in, take_back

class Late(BaseException):
    pass

def work():
    return 1

try:
    sys.setswitchinterval(1)
    {before}
    take_back()
except Late:
    take_back()
sys.settrace(lambda *_: None)
assert sum(work() for _ in range(100)) == 100
"""


@pytest.mark.parametrize("before", ["pass", "raise_in(threading.get_ident(), Late)"])
def test_what_was_taken_back_keeps_nobody_looking_for_it(before: str) -> None:
    """CPython 3.11 looked for it without end as soon as a debugger traced a call."""
    code = TRACED.format(before=before)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
