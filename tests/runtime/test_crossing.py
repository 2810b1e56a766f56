"""Async code that a thread waits for, whose task is cancelled at an unlucky moment."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.runtime.crossing import run_in_thread, wait_for
from functions_framework.stores.own import OwnStore

if TYPE_CHECKING:
    from collections.abc import Callable


class Loop(asyncio.SelectorEventLoop):
    """Does something right after the next thing that a thread has it do."""

    then: Callable[[], object] | None = None

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *given: Any, **named: Any
    ) -> asyncio.Handle:
        then, self.then = self.then, None

        def both() -> None:
            callback(*given)
            if then is not None:
                then()

        return super().call_soon_threadsafe(both, **named)


class Store:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    async def finish(self, key: str) -> bool:
        await asyncio.sleep(0)
        self.kept.append(key)
        return True


def cancelled_before_it_began(call: Callable[[], object]) -> None:
    """Cancel a task whose thread waits for async code that was made and has not begun."""
    loop, is_over = Loop(), threading.Event()
    tasks: list[asyncio.Task[None]] = []

    def begin() -> None:
        loop.then = tasks[0].cancel
        try:
            call()
        finally:
            is_over.set()

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await run_in_thread(begin)
        await loop.run_in_executor(None, is_over.wait, 10)

    async def around() -> None:
        tasks.append(asyncio.ensure_future(main()))
        await tasks[0]

    try:
        loop.run_until_complete(around())
    finally:
        loop.close()


def test_what_is_kept_is_done() -> None:
    store = Store()
    cancelled_before_it_began(lambda: OwnStore(store).ask("finish", "key"))  # type: ignore[arg-type]
    assert store.kept == ["key"]


@pytest.mark.parametrize("fails", [False, True], ids=["result", "exception"])
def test_a_result_that_has_come_when_its_task_is_cancelled_is_given_away(
    capfd: pytest.CaptureFixture[str], *, fails: bool
) -> None:
    loop, is_given = Loop(), threading.Event()
    given: list[object] = []
    tasks: list[asyncio.Task[None]] = []

    def call() -> str:
        loop.then = tasks[0].cancel  # between the result and the task's next step
        if fails:
            raise ValueError
        return "result"

    def take(value: object) -> None:
        given.append(value)
        is_given.set()

    async def main() -> None:
        await run_in_thread(call, unwanted=take)

    try:
        tasks.append(loop.create_task(main()))
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(tasks[0])
    finally:
        loop.close()
    tasks.clear()
    assert fails or is_given.wait(10)
    assert given == ([] if fails else ["result"])
    gc.collect()
    assert "never retrieved" not in capfd.readouterr().err


def test_anything_else_is_not_begun() -> None:
    begun: list[str] = []

    async def work() -> None:
        begun.append("work")

    def call() -> None:
        with pytest.raises(asyncio.CancelledError):
            wait_for(work)

    cancelled_before_it_began(call)
    assert begun == []
