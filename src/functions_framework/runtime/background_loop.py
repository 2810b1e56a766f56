"""An event loop in a thread of its own, for the async code that surrounds sync functions.

Async hooks and middleware of a server that otherwise runs in threads share this one loop, so that
what one of them opened another can use. It is started when it is first needed.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Answer = tuple[Callable[[Any], Any], Any]

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


def running() -> asyncio.AbstractEventLoop:
    """The loop, started now if it is not running."""
    global _loop  # noqa: PLW0603 - one a process
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            thread = threading.Thread(target=_serve, args=(_loop,), name="side-loop", daemon=True)
            thread.start()
        return _loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def stop() -> None:
    """Stop and close the loop if it was started; its thread ends with it."""
    global _loop  # noqa: PLW0603 - one a process
    with _lock:
        if _loop is not None and not _loop.is_closed():
            _loop.call_soon_threadsafe(_loop.stop)
        _loop = None


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the loop and wait for its result."""
    return asyncio.run_coroutine_threadsafe(coroutine, running()).result()


def run_around(
    outer: Callable[[Callable[[Any], Any]], Coroutine[Any, Any, Any]],
    inner: Callable[[Any], Any],
) -> Any:
    """Run an async function around a sync one, which stays in this thread.

    Args:
        outer: called with an async `call_next`; its coroutine runs on the loop.
        inner: what `await call_next(value)` calls here, while this thread waits.

    Returns:
        The result of `outer`; context variables are carried over to it.
    """
    loop = running()
    requests: SimpleQueue[tuple[Any, asyncio.Future[Any]] | None] = SimpleQueue()
    tasks: list[asyncio.Task[Any]] = []

    async def call_next(value: Any) -> Any:
        answer: asyncio.Future[Any] = loop.create_future()
        requests.put((value, answer))
        return await answer

    def start() -> None:
        task = loop.create_task(outer(call_next))
        tasks.append(task)
        task.add_done_callback(lambda _: requests.put(None))

    loop.call_soon_threadsafe(start, context=copy_context())
    while (request := requests.get()) is not None:
        value, answer = request
        settle, outcome = _outcome(inner, value, answer)
        loop.call_soon_threadsafe(settle, outcome)
    return tasks[0].result()


def _outcome(inner: Callable[[Any], Any], value: Any, answer: asyncio.Future[Any]) -> Answer:
    def settle(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return lambda outcome: None if answer.done() else method(outcome)

    try:
        return settle(answer.set_result), inner(value)
    except BaseException as error:  # noqa: BLE001 - raised again where the result is awaited
        return settle(answer.set_exception), error
