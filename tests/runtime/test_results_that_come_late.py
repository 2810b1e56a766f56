"""What a thread makes for a task that waits no more is given to who takes care of it."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import pytest

from functions_framework.runtime.crossing import run_in_thread
from support.server_process import wait_until

var: ContextVar[str] = ContextVar("var", default="")


def outcome(*, is_left: bool, error: Exception | None = None) -> list[Any]:
    """What is given away of a call whose task waits for it, or has left."""
    given: list[Any] = []
    begun, release, over = threading.Event(), threading.Event(), threading.Event()

    def call() -> str:
        var.set("the call's")
        begun.set()
        release.wait(10)
        over.set()
        if error is not None:
            raise error
        return "result"

    def take(value: object) -> None:
        given.append((value, var.get(), threading.current_thread() is threading.main_thread()))

    async def main() -> None:
        task = asyncio.create_task(run_in_thread(call, unwanted=take))
        await asyncio.to_thread(begun.wait, 10)
        if is_left:
            task.cancel()
        await asyncio.sleep(0)
        release.set()
        with suppress(asyncio.CancelledError, ValueError):
            await task
        await asyncio.to_thread(over.wait, 10)
        await asyncio.sleep(0.05)

    asyncio.run(main())
    return given


def test_a_result_that_nobody_waits_for_is_given_away_in_a_thread() -> None:
    given = outcome(is_left=True)
    wait_until(lambda: given, "the result")
    assert given == [("result", "the call's", False)]


@pytest.mark.parametrize(
    ("is_left", "error"), [(False, None), (True, ValueError()), (False, ValueError())]
)
def test_what_is_waited_for_and_what_is_raised_is_not(
    *, is_left: bool, error: Exception | None
) -> None:
    assert outcome(is_left=is_left, error=error) == []
