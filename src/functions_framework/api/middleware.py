"""What runs around every call: the user's middleware, of either kind around either kind.

Middleware wraps the function's call when the host is built, so that a function without any pays
nothing.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from functions_framework.model.execution import Execution, execution
from functions_framework.model.function import Function, Signature, is_async_callable
from functions_framework.runtime import crossing
from functions_framework.runtime.threads import SPARE, Start
from functions_framework.runtime.values import replace

from .registrations import pending, refuse_uncallable

M = TypeVar("M", bound=Callable[..., Any])
Chain = Callable[["Invocation"], Any]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of a function, as middleware sees it.

    Attributes:
        function: what is called.
        arguments: what it is called with: the request, the event, `(data, context)`, the value or
            the WebSocket.
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
    def socket(self) -> Any:
        """The WebSocket of a function of such, else None."""
        is_socket = self.function.signature is Signature.WEBSOCKET
        return self.arguments[0] if is_socket else None

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


_new = object.__new__
_set_function, _set_arguments, _set_execution = (
    getattr(Invocation, name).__set__ for name in Invocation.__slots__
)


def middleware(around: M) -> M:
    """Run a function around every call of every function in this source, the first outermost.

    Args:
        around: called with an `Invocation` and `call_next`; returns the result. `def` calls
            `call_next(invocation)`, `async def` awaits it. Either kind goes around functions of
            either kind.

    Raises:
        TypeError: it does not take these two arguments.
    """
    refuse_uncallable("middleware", around, "two arguments: the invocation and call_next", 2)
    pending().middleware.append(around)
    return around


def wrap(
    function: Function, layers: Sequence[Callable[..., Any]], start: Start | None = None
) -> Function:
    """The function with its middleware around it, itself when there is none.

    Args:
        function: of either kind.
        layers: of either kind, the first outermost.
        start: runs a sync function in a thread where it is called from an event loop.
    """
    if not layers:
        return function
    chain, is_async = _innermost(function), function.is_async
    start = SPARE.start if start is None or function.is_async else start
    running = execution.get
    is_bound = not function.is_asgi
    for layer in reversed(layers):
        if is_async_callable(layer) != is_async:
            chain = _from_thread(chain) if is_async else _from_loop(chain, start, is_bound=is_bound)
            is_async = not is_async
        chain = _around(layer, chain)
    if is_async and is_bound:
        chain, is_async = _from_thread(chain), False
    elif function.is_async and not is_async:
        chain, is_async = _from_loop(chain, start), True

    def call(*arguments: Any) -> Any:
        # Field by field, as the constructor of what is frozen takes twice the time.
        made = _new(Invocation)
        _set_function(made, function)
        _set_arguments(made, arguments)
        _set_execution(made, running())
        return chain(made)

    # The wrapper keeps the annotations: a typed function's input type is read from them.
    return replace(function, call=functools.update_wrapper(call, function.call), is_async=is_async)


def _innermost(function: Function) -> Chain:
    call = function.call
    # What is written as a coroutine gives what is awaited; another callable may give anything.
    code = getattr(call, "__code__", None)
    if not function.is_async or (code is not None and code.co_flags & inspect.CO_COROUTINE):
        return lambda invocation: call(*invocation.arguments)

    async def awaited(invocation: Invocation) -> Any:
        result = call(*invocation.arguments)
        return await result if inspect.isawaitable(result) else result

    return awaited


def _around(layer: Callable[..., Any], inner: Chain) -> Chain:
    return lambda invocation: layer(invocation, inner)


def _from_thread(inner: Chain) -> Chain:
    """Async code to be called from a thread, which waits for it."""
    return lambda invocation: crossing.wait_for(lambda: inner(invocation))


def _from_loop(inner: Chain, start: Start, *, is_bound: bool = False) -> Chain:
    """Sync code to be awaited on an event loop; it may give an awaitable itself."""

    async def awaited(invocation: Invocation) -> Any:
        result = await crossing.run_in_thread(inner, invocation, start=start, is_bound=is_bound)
        return await result if inspect.isawaitable(result) else result

    return awaited
