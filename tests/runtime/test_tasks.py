"""Tasks that take their first step at once are tasks like any other."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.runtime.tasks import start

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

NAME: ContextVar[str] = ContextVar("NAME", default="nobody")


def started(make: Callable[[], Coroutine[Any, Any, None]]) -> tuple[asyncio.Task[None], bool]:
    """Start a task as the server does, in a callback of the loop; and whether it was done then."""
    loop = asyncio.new_event_loop()
    found: list[tuple[asyncio.Task[None], bool]] = []

    def begin() -> None:
        task = start(loop, make())
        found.append((task, task.done()))
        task.add_done_callback(lambda _: loop.stop())

    loop.call_soon(begin)
    loop.run_forever()
    loop.close()
    return found[0]


def test_work_that_never_waits_is_done_at_once() -> None:
    said: list[object] = []

    async def work() -> None:
        said.append(asyncio.current_task())

    task, was_done = started(work)
    assert was_done
    assert said == [task]


def test_work_that_waits_goes_on_in_the_same_task_and_context() -> None:
    said: list[object] = []

    async def work() -> None:
        said.append(asyncio.current_task())
        NAME.set("somebody")
        await asyncio.sleep(0)
        said.extend([asyncio.current_task(), NAME.get()])

    task, was_done = started(work)
    assert not was_done
    assert said == [task, task, "somebody"]
    assert NAME.get() == "nobody"


def test_what_the_first_step_hands_the_loop_runs_after_it() -> None:
    said: list[str] = []

    async def child() -> None:
        said.append("child")

    async def work() -> None:
        made = asyncio.get_running_loop().create_task(child())
        asyncio.get_running_loop().call_soon(said.append, "callback")
        said.append("first step")
        await made

    started(work)
    assert said == ["first step", "child", "callback"]


def test_an_exception_is_the_tasks() -> None:
    async def work() -> None:
        raise ValueError("broken on purpose")

    task, was_done = started(work)
    assert was_done
    with pytest.raises(ValueError, match="on purpose"):
        task.result()


def test_a_task_can_be_cancelled_at_its_first_wait() -> None:
    async def work() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        loop.call_soon(task.cancel)
        await asyncio.sleep(60)

    task, was_done = started(work)
    assert not was_done
    assert task.cancelled()


def test_a_loop_of_another_kind_is_left_as_it_is() -> None:
    class Fixed(asyncio.SelectorEventLoop):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "call_soon":
                raise AttributeError(name)
            super().__setattr__(name, value)

    loop = Fixed()
    said: list[str] = []

    async def work() -> None:
        said.append("done")

    async def main() -> None:
        await asyncio.sleep(0)

    loop.call_soon(lambda: start(loop, work()))
    loop.run_until_complete(main())
    loop.close()
    assert said == ["done"]
