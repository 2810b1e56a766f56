"""What the engine's thread gives to the loop: all of it, in order, with few wakes."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import TYPE_CHECKING

import pytest

from functions_framework.server.wire.loop import Handover
from support.served_source import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANY = 2000


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def _as_engine(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_everything_is_called_in_the_order_it_was_given(loop: asyncio.AbstractEventLoop) -> None:
    handover = Handover(loop)
    context = contextvars.copy_context()
    seen: list[int] = []

    def note(number: int) -> None:
        seen.append(number)
        if number == MANY - 1:
            loop.stop()

    def engine() -> None:
        for number in range(0, MANY, 2):
            handover.give(note, number)
            loop.call_soon_threadsafe(note, number + 1, context=context)

    thread = threading.Thread(target=engine)
    loop.call_later(30, loop.stop)
    loop.call_soon(thread.start)
    loop.run_forever()
    thread.join()
    assert seen == list(range(MANY))


def test_many_things_wake_the_loop_once(loop: asyncio.AbstractEventLoop) -> None:
    wakes: list[object] = []
    usual = loop.call_soon_threadsafe

    def counting(
        callback: Callable[..., object], *arguments: object, context: object = None
    ) -> None:
        wakes.append(callback)
        usual(callback, *arguments)

    loop.call_soon_threadsafe = counting  # type: ignore[method-assign, assignment]
    handover = Handover(loop)
    seen: list[int] = []

    def engine() -> None:
        for number in range(5):
            handover.give(seen.append, number)

    _as_engine(engine)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == [0, 1, 2, 3, 4]
    assert len(wakes) == 1


def test_a_callback_runs_in_the_context_it_was_given_with(loop: asyncio.AbstractEventLoop) -> None:
    number = contextvars.ContextVar("number", default=0)
    handover = Handover(loop)
    context = contextvars.copy_context()
    context.run(number.set, 7)
    seen: list[int] = []

    def engine() -> None:
        handover.give(lambda _: None, None)
        loop.call_soon_threadsafe(lambda: seen.append(number.get()), context=context)

    _as_engine(engine)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == [7]


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), ValueError("x")])
def test_what_one_callback_raises_loses_no_other(
    error: BaseException, loop: asyncio.AbstractEventLoop
) -> None:
    handover = Handover(loop)
    seen: list[int] = []
    loop.set_exception_handler(lambda *_: None)

    def fail(_: int) -> None:
        raise error

    def engine() -> None:
        handover.give(fail, 0)
        handover.give(seen.append, 1)
        handover.give(seen.append, 2)

    _as_engine(engine)
    loop.call_later(0.05, loop.stop)
    try:
        loop.run_forever()
    except (SystemExit, KeyboardInterrupt):
        loop.run_forever()
    assert seen == [1, 2]


def test_other_threads_call_as_usual(loop: asyncio.AbstractEventLoop) -> None:
    """With a handle to cancel, and in the order asyncio promises them."""
    handover = Handover(loop)
    context = contextvars.copy_context()
    _as_engine(lambda: handover.give(lambda _: None, None))
    seen: list[str] = []
    loop.call_soon_threadsafe(seen.append, "first", context=context)
    loop.call_soon(seen.append, "second")
    handle = loop.call_soon_threadsafe(seen.append, "cancelled", context=context)
    loop.call_soon_threadsafe(seen.append, "third")
    assert handle is not None
    handle.cancel()
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert seen == ["first", "second", "third"]


SOURCE = """
import asyncio

async def hello(request):
    loop = asyncio.get_running_loop()
    usual = loop.call_soon_threadsafe
    handles = []
    loop.call_soon_threadsafe = lambda *given, **named: handles.append(usual(*given, **named))
    try:
        body = await request.body()
    finally:
        loop.call_soon_threadsafe = usual
    while not handles:  # the engine's thread has yet to return from the call
        await asyncio.sleep(0.01)
    return {"size": len(body), "handed over": set(handles) == {None}}
"""


def test_the_engine_resolves_what_it_is_awaited_for_on_its_own_thread(tmp_path: Path) -> None:
    """It isn't a promise of Granian's; were it otherwise, each body would wake the loop again."""

    def late() -> Iterator[bytes]:
        yield b"12"
        time.sleep(0.2)
        yield b"345"

    with served(tmp_path, SOURCE, target="hello") as server:
        answer = server.client.post("/", content=late(), headers={"Content-Length": "5"})
    assert answer.json() == {"size": 5, "handed over": True}
