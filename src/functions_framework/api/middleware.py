"""What runs around every call: the user's middleware, of either kind around either kind.

Middleware wraps the function's call when the host is built, so that a function without any pays
nothing.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from functions_framework.model.execution import Execution, execution
from functions_framework.model.function import Function, Signature
from functions_framework.runtime import background_loop
from functions_framework.runtime.values import replace

from .registrations import pending

M = TypeVar("M", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function, as middleware sees it.

    Attributes:
        function: what is called.
        arguments: what it is called with: the request, the event, `(data, context)` or the value.
        execution: the call's id, trace and deadline; None outside a server.
    """

    function: Function
    arguments: tuple[Any, ...]
    execution: Execution | None

    @property
    def request(self) -> Any:
        """The request of an http function, else None."""
        return self.arguments[0] if self.function.signature is Signature.HTTP else None

    @property
    def event(self) -> Any:
        """The CloudEvent or the data of an event function, else None."""
        kinds = (Signature.CLOUDEVENT, Signature.EVENT)
        return self.arguments[0] if self.function.signature in kinds else None

    @property
    def execution_id(self) -> str | None:
        """The id of the call."""
        return None if self.execution is None else self.execution.execution_id

    @property
    def deadline(self) -> float | None:
        """`time.monotonic()` seconds at which the call ends, None for no limit."""
        return None if self.execution is None else self.execution.deadline


def middleware(around: M) -> M:
    """Run a function around every call of every function in this source, the first outermost.

    Args:
        around: called with an `Invocation` and `call_next`; returns the result. `def` calls
            `call_next(invocation)`, `async def` awaits it. Either kind goes around functions of
            either kind.
    """
    pending().middleware.append(around)
    return around


def wrap(function: Function, layers: Sequence[Callable[..., Any]]) -> Function:
    """The function with its middleware around it, itself when there is none."""
    if not layers:
        return function
    compose = _compose_async if function.is_async else _compose_sync
    # The wrapper keeps the annotations: a typed function's input type is read from them.
    call = functools.update_wrapper(compose(function, layers), function.call)
    return replace(function, call=call)


def _compose_sync(function: Function, layers: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    def innermost(invocation: Invocation) -> Any:
        return function.call(*invocation.arguments)

    chain: Callable[[Invocation], Any] = innermost
    for layer in reversed(layers):
        chain = _sync_layer(layer, chain)

    def call(*arguments: Any) -> Any:
        return chain(Invocation(function, arguments, execution.get()))

    return call


def _sync_layer(layer: Callable[..., Any], inner: Callable[[Invocation], Any]) -> Any:
    if not inspect.iscoroutinefunction(layer):
        return lambda invocation: layer(invocation, inner)

    return lambda invocation: background_loop.run_around(
        functools.partial(layer, invocation), inner
    )


def _compose_async(function: Function, layers: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    async def innermost(invocation: Invocation) -> Any:
        result = function.call(*invocation.arguments)
        return await result if inspect.isawaitable(result) else result

    chain: Callable[[Invocation], Awaitable[Any]] = innermost
    for layer in reversed(layers):
        chain = _async_layer(layer, chain)

    async def call(*arguments: Any) -> Any:
        return await chain(Invocation(function, arguments, execution.get()))

    return call


def _async_layer(
    layer: Callable[..., Any], inner: Callable[[Invocation], Awaitable[Any]]
) -> Callable[[Invocation], Awaitable[Any]]:
    if inspect.iscoroutinefunction(layer):
        return lambda invocation: layer(invocation, inner)

    async def around(invocation: Invocation) -> Any:
        loop = asyncio.get_running_loop()

        def call_next(passed: Invocation) -> Any:
            return asyncio.run_coroutine_threadsafe(_awaited(inner, passed), loop).result()

        # A thread, as a plain `def` may block, and waits for the function's result.
        return await asyncio.to_thread(layer, invocation, call_next)

    return around


async def _awaited(inner: Callable[[Invocation], Awaitable[Any]], passed: Invocation) -> Any:
    return await inner(passed)
