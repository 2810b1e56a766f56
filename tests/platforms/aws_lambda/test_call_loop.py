"""The loop of async calls and the end of late sync ones: what differs by version of Python."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.platforms.aws_lambda.call_loop import CallLoop
from functions_framework.platforms.aws_lambda.watchdog import watchdog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.model.interfaces import Environ


@pytest.fixture
def loop() -> Iterator[CallLoop]:
    made = CallLoop()
    yield made
    made.close()


def test_what_waits_for_nothing_is_done_at_once(loop: CallLoop) -> None:
    async def call() -> tuple[bool, bool]:
        return asyncio.get_running_loop() is loop, asyncio.current_task() is not None

    task = loop.begin(call())
    assert task.done()
    assert task.result() == (True, True)
    assert not loop.is_running()
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_what_waits_is_done_by_running_the_loop(loop: CallLoop) -> None:
    async def call() -> str:
        await asyncio.sleep(0.001)
        return "done"

    task = loop.begin(call())
    assert not task.done()
    assert loop.run_until_complete(task) == "done"


def test_what_a_call_raises_is_its_tasks(loop: CallLoop) -> None:
    async def call() -> None:
        raise ValueError("mine")

    task = loop.begin(call())
    with pytest.raises(ValueError, match="mine"):
        task.result()


def test_what_a_call_begins_has_its_first_turn(loop: CallLoop) -> None:
    steps = []

    async def beside() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        steps.append("over")

    kept: list[asyncio.Task[None]] = []

    async def call() -> None:
        kept.append(asyncio.get_running_loop().create_task(beside()))
        steps.append("called")

    assert loop.begin(call()).done()
    assert steps == ["called", "begun"]
    loop.run_until_complete(kept[0])
    assert steps == ["called", "begun", "over"]


def test_what_a_call_sets_is_its_own(loop: CallLoop) -> None:
    seen: ContextVar[str] = ContextVar("seen", default="unset")

    async def call() -> str:
        before = seen.get()
        seen.set("set")
        return before

    assert [loop.begin(call()).result() for _ in range(2)] == ["unset", "unset"]
    assert seen.get() == "unset"


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_late_call_ends_in_the_thread_that_calls(*, is_busy: bool) -> None:
    def answer(_environ: Environ) -> None:
        until = time.monotonic() + 30
        while is_busy and time.monotonic() < until:
            pass
        time.sleep(30)

    before = time.monotonic()
    with pytest.raises(RequestTimeoutException):
        watchdog.call(before + 0.2, answer, {"REQUEST_METHOD": "GET", "PATH_INFO": "/"})
    assert time.monotonic() - before < 15


def test_a_call_in_time_is_left_alone() -> None:
    def answer(environ: Environ) -> str:
        time.sleep(0.05)
        return str(environ["PATH_INFO"])

    for _ in range(3):
        assert watchdog.call(time.monotonic() + 0.2, answer, {"PATH_INFO": "/a"}) == "/a"
    time.sleep(0.25)
