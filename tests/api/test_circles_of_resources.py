"""Resources whose making needs themselves say so; without that they would wait for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions_framework.api.resources import resource

pytestmark = pytest.mark.usefixtures("nothing_registered")


def test_one_that_needs_itself_says_so_instead_of_waiting_for_ever() -> None:
    @resource
    def first() -> Any:
        return second()

    @resource
    def second() -> Any:
        return third()

    @resource
    def third() -> Any:
        return second()

    with pytest.raises(RuntimeError, match=r"made: 'second' > 'third' > 'second'\."):
        first()
    with pytest.raises(RuntimeError, match=r"made: 'third' > 'second' > 'third'\."):
        third()
    with second.override("given"):
        assert third() == "given"
        assert first() == "given"


def test_so_do_async_ones() -> None:
    @resource
    async def first() -> Any:
        return await second()

    @resource
    async def second() -> Any:
        await asyncio.sleep(0)
        yield await first()

    async def ask() -> Any:
        both = asyncio.gather(first(), second(), return_exceptions=True)
        return await asyncio.wait_for(both, 5)

    for _ in range(2):
        found = asyncio.run(ask())
        assert [type(one) for one in found] == [RuntimeError, RuntimeError]
        assert "'first'" in str(found[0])
        assert "'second'" in str(found[0])


def test_two_threads_that_would_wait_for_each_other_do_not() -> None:
    barrier = threading.Barrier(2)

    def meet() -> None:
        if not barrier.broken:
            barrier.wait(5)

    @resource
    def one() -> Any:
        meet()
        return other()

    @resource
    def other() -> Any:
        meet()
        return one()

    def ask(which: Any) -> Any:
        try:
            return which()
        except RuntimeError as error:
            barrier.abort()
            return error

    with ThreadPoolExecutor(2) as threads:
        found = [
            asked.result(10) for asked in [threads.submit(ask, one), threads.submit(ask, other)]
        ]
    assert any("'one' > 'other' > 'one'" in str(error) for error in found) or any(
        "'other' > 'one' > 'other'" in str(error) for error in found
    )


def test_one_that_others_need_is_waited_for_by_all() -> None:
    @resource
    def base() -> list[int]:
        time.sleep(0.02)
        return [1]

    @resource
    def left() -> Any:
        return base()

    @resource
    def right() -> Any:
        return [base(), left()]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda at: (left, right, base)[at % 3](), range(24)))
    assert {id(one if one == [1] else one[0]) for one in found} == {id(base())}


def test_one_that_nobody_awaits_is_named() -> None:
    @resource
    async def database() -> int:
        return 1

    with pytest.warns(RuntimeWarning, match="coroutine 'database' was never awaited"):
        str(database())
