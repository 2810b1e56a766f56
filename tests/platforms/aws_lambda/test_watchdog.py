"""The one thread that watches all calls: whatever came before, a late call is ended."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.platforms.aws_lambda.watchdog import watchdog

# Its signal and its thread are the process's, so what depends on who came first needs a new one.
_BEGINNING = """
import threading, time
from functions_framework.exceptions import RequestTimeoutException
from functions_framework.platforms.aws_lambda.watchdog import watchdog

def late(seconds, asleep=30):
    try:
        watchdog.call(time.monotonic() + seconds, lambda _environ: time.sleep(asleep), {})
    except RequestTimeoutException:
        print("ended", end=" ")
"""


def _printed(source: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", _BEGINNING + source],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def _sleep_in_a_call(seconds: float, asleep: float) -> None:
    watchdog.call(time.monotonic() + seconds, lambda _environ: time.sleep(asleep), {})


def test_a_call_with_less_time_than_the_one_before_is_ended() -> None:
    with pytest.raises(RequestTimeoutException):
        _sleep_in_a_call(0.2, 10)
    _sleep_in_a_call(100, 0.5)  # long enough to be seen: it is the one that is waited for
    with pytest.raises(RequestTimeoutException):
        _sleep_in_a_call(0.2, 10)


def test_a_call_inside_of_another_is_ended_by_its_own_deadline() -> None:
    def outer(_environ: object) -> str:
        time.sleep(0.5)
        with pytest.raises(RequestTimeoutException):
            _sleep_in_a_call(0.2, 10)
        return "went on"

    assert watchdog.call(time.monotonic() + 100, outer, {}) == "went on"


def test_the_main_thread_is_woken_though_another_was_the_first_to_call() -> None:
    source = """
first = threading.Thread(target=late, args=(100, 0))
first.start()
first.join()
before = time.monotonic()
late(0.2)
print(time.monotonic() - before < 15)
"""
    assert _printed(source) == "ended True\n"


def test_nothing_is_done_between_calls_though_one_was_late_from_the_beginning() -> None:
    source = """
late(-1, 0)
before = time.process_time()
time.sleep(1)
print(time.process_time() - before < 0.5)
"""
    # That call may be over before the thread has looked.
    assert _printed(source).split()[-1] == "True"


def test_what_fails_while_a_late_call_is_looked_at_ends_no_watching() -> None:
    source = """
import ast
def fail_once(*_, **__):
    ast.parse = parse
    raise RuntimeError("This parser is broken.")
parse, ast.parse = ast.parse, fail_once  # it finds the lines at which nothing may be raised
late(0.2, 1)
late(0.2)
"""
    assert _printed(source) == "ended "
