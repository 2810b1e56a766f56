"""One piece of logic for threads and for event loops: a generator of steps, and two drivers.

The generator yields steps. A driver does each, in its thread or on its loop, and sends back what
came of it, or throws in what it raised.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator
from typing import Any, NamedTuple


class Step(NamedTuple):
    """Something to do.

    Attributes:
        here: does it in this thread.
        there: does it on the event loop.
    """

    here: Callable[[], Any]
    there: Callable[[], Awaitable[Any]]


Steps = Generator[Step, Any, Any]


def run(steps: Steps) -> Any:
    """Do all steps in this thread; the result is what the generator returns."""
    try:
        step = next(steps)
        while True:
            try:
                value = step.here()
            except BaseException as error:  # noqa: BLE001, PERF203 - the steps decide
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as done:
        return done.value


async def run_async(steps: Steps) -> Any:
    """The same on this event loop."""
    try:
        step = next(steps)
        while True:
            try:
                value = await step.there()
            except BaseException as error:  # noqa: BLE001, PERF203 - the steps decide
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as done:
        return done.value


def calling(call: Callable[[], Any]) -> Step:
    """Call something that may give an awaitable, and wait for that."""

    def here() -> Any:
        result = call()
        if not inspect.isawaitable(result):
            return result
        from .crossing import wait_for

        return wait_for(lambda: result)

    async def there() -> Any:
        result = call()
        return await result if inspect.isawaitable(result) else result

    return Step(here, there)
