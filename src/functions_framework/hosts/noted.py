"""What a call notes of its function: its arguments where somebody follows, its time under --debug.

The wrappers keep the annotations: a typed function's input type is read from them.
"""

from __future__ import annotations

import functools
import inspect
import time
from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import execution
from functions_framework.runtime.values import replace

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from functions_framework.model.execution import Execution
    from functions_framework.model.function import Function


def noted(
    functions: Sequence[Function], *, is_followed: bool, is_timed: bool
) -> Sequence[Function]:
    """The functions such that their calls note what is wanted."""
    if is_followed:
        functions = [keeping_arguments(item) for item in functions]
    return [timed(item) for item in functions] if is_timed else functions


def keeping_arguments(function: Function) -> Function:
    """The function such that its call knows whether it was reached, and with what."""
    call = function.call

    def keeping_call(*arguments: Any) -> Any:
        running = execution.get()
        if running is not None:
            running.arguments = arguments
        return call(*arguments)

    return replace(function, call=functools.update_wrapper(keeping_call, call))


def timed(function: Function) -> Function:
    """The function such that its call knows when its code began and ended."""
    call = function.call

    def timing_call(*arguments: Any) -> Any:
        running = execution.get()
        if running is None:
            return call(*arguments)
        running.began = time.monotonic()
        try:
            result = call(*arguments)
        finally:
            running.ended = time.monotonic()
        return _awaited(result, running) if inspect.iscoroutine(result) else result

    return replace(function, call=functools.update_wrapper(timing_call, call))


async def _awaited(result: Coroutine[Any, Any, Any], running: Execution) -> Any:
    try:
        return await result
    finally:
        running.ended = time.monotonic()
