"""Resources: made once, for every kind of maker; closed in order; replaced in tests."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.api.lifecycle import Lifecycle
from functions_framework.api.registrations import take
from functions_framework.api.resources import resource
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.runtime import background_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Seen(list[str]):
    """What happened, in order."""


pytestmark = pytest.mark.usefixtures("nothing_registered")


def test_a_returned_object_is_made_once_by_many_threads() -> None:
    made: list[object] = []
    barrier = threading.Barrier(8)

    @resource
    def pool() -> object:
        time.sleep(0.02)
        made.append(object())
        return made[-1]

    def ask(_: int) -> object:
        barrier.wait()
        return pool()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(8))) == {made[0]}
    assert len(made) == 1
    assert take().resources == [pool]


def test_an_async_one_is_made_once_by_many_tasks() -> None:
    made: list[object] = []

    @resource
    async def pool() -> object:
        await asyncio.sleep(0.01)
        made.append(object())
        return made[-1]

    async def ask() -> list[object]:
        first = asyncio.ensure_future(pool())
        await asyncio.sleep(0)
        first.cancel()  # whoever gives up does not take it from the others
        return await asyncio.gather(*(pool() for _ in range(8)))

    assert set(asyncio.run(ask())) == {made[0]}
    assert len(made) == 1


def test_a_failed_making_is_tried_again_at_the_next_call() -> None:
    faults = [ValueError("not yet")]

    @resource
    def pool() -> str:
        if faults:
            raise faults.pop()
        return "pool"

    @resource
    async def remote() -> str:
        if faults:
            raise faults.pop()
        return "remote"

    with pytest.raises(ValueError, match="not yet"):
        pool()
    assert pool() == "pool"
    faults.append(ValueError("not yet"))

    async def ask() -> str:
        with pytest.raises(ValueError, match="not yet"):
            await remote()
        return await remote()

    assert asyncio.run(ask()) == "remote"


def _makers(seen: Seen) -> dict[str, Any]:
    @contextmanager
    def opened() -> Iterator[str]:
        seen.append("open")
        yield "it"
        seen.append("close")

    @asynccontextmanager
    async def opened_async() -> AsyncIterator[str]:
        seen.append("open")
        yield "it"
        seen.append("close")

    def yielded() -> Iterator[str]:
        seen.append("open")
        yield "it"
        seen.append("close")

    async def yielded_async() -> AsyncIterator[str]:
        seen.append("open")
        yield "it"
        seen.append("close")

    def managed() -> Any:
        return opened()

    async def managed_async() -> Any:
        return opened_async()

    async def managed_sync_one() -> Any:
        return opened()

    return {
        "generator": yielded,
        "async generator": yielded_async,
        "context manager": managed,
        "async context manager": managed_async,
        "context manager made by async def": managed_sync_one,
    }


@pytest.mark.parametrize("kind", _makers(Seen()))
@pytest.mark.parametrize("on_loop", [True, False], ids=["event loop", "threads"])
def test_each_kind_is_entered_and_left(kind: str, on_loop: bool) -> None:
    seen = Seen()
    made = resource(_makers(seen)[kind])
    lifecycle = Lifecycle.of(take())
    is_async = "async" in kind

    async def ask() -> Any:
        return await made() if is_async else made()

    async def everything() -> Any:
        value = await ask()
        assert await ask() is value
        await lifecycle.stop()
        return value

    if on_loop:
        assert asyncio.run(everything()) == "it"
    else:
        assert (background_loop.run(ask()) if is_async else made()) == "it"
        lifecycle.stop_blocking()
        background_loop.stop()
    assert seen == ["open", "close"]
    assert not made.is_made


@pytest.mark.parametrize("is_async", [False, True])
def test_the_last_made_is_closed_first_and_a_failure_stops_nothing(
    is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    seen = Seen()

    @resource
    def first() -> Iterator[str]:
        yield "1"
        seen.append("first")

    @resource
    def second() -> Iterator[str]:
        yield f"2 over {first()}"
        seen.append("second")
        raise ValueError("cannot close")

    @resource
    def never() -> Iterator[str]:
        yield "3"
        seen.append("never")

    functions_framework.on_shutdown(lambda: seen.append("hook 1"))
    functions_framework.on_shutdown(lambda: seen.append("hook 2"))
    lifecycle = Lifecycle.of(take())
    assert second() == "2 over 1"
    if is_async:
        asyncio.run(lifecycle.stop())
    else:
        lifecycle.stop_blocking()
    assert seen == ["hook 2", "hook 1", "second", "first"]
    assert "resource 'second' failed while the server was stopping" in caplog.text
    assert "ValueError: cannot close" in caplog.text


@pytest.mark.parametrize("amount", [0, 2])
def test_a_generator_must_yield_once(amount: int, caplog: pytest.LogCaptureFixture) -> None:
    @resource
    def odd() -> Iterator[int]:
        yield from range(amount)

    if amount == 0:
        with pytest.raises(
            RuntimeError, match=r"'odd' \(.*api/test_resources.py:\d+\) yielded nothing"
        ):
            odd()
    else:
        assert odd() == 0
        Lifecycle.of(take()).stop_blocking()
        assert "yielded again: it must yield its object once" in caplog.text


@pytest.mark.parametrize("is_async", [False, True])
def test_an_override_stands_in_and_nothing_is_made(is_async: bool) -> None:
    def make() -> str:
        raise AssertionError("made")

    async def make_async() -> str:
        raise AssertionError("made")

    made: Any = resource(make_async if is_async else make)

    def ask() -> Any:
        async def awaited() -> Any:
            return await made()

        return asyncio.run(awaited()) if is_async else made()

    with made.override("outer"):
        with made.override(None):
            assert ask() is None
        assert ask() == "outer"
    with pytest.raises(AssertionError, match="made"):
        ask()


def test_arguments_are_refused_with_name_file_line_and_remedy() -> None:
    def pool(url: str) -> str:
        return url

    with pytest.raises(InvalidConfigurationException) as caught:
        resource(pool)  # type: ignore[arg-type]
    assert "'pool'" in str(caught.value)
    assert f"api/test_resources.py:{pool.__code__.co_firstlineno}" in str(caught.value)
    assert "environment or from another resource" in str(caught.value)


def test_the_maker_keeps_its_name_and_docstring() -> None:
    @resource
    def pool() -> str:
        """Connections."""
        return "x"

    assert (pool.__name__, pool.__doc__) == ("pool", "Connections.")
