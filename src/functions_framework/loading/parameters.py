"""Whether a function can be called the way its signature calls it, told before the first call."""

from __future__ import annotations

import functools
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidTargetTypeException
from functions_framework.model.function import Signature, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_framework.model.function import Function

# How many arguments each signature may be called with, and what they are.
_CALLED_WITH = {
    Signature.HTTP: ((1,), "one argument, the request"),
    Signature.CLOUDEVENT: ((1, 2), "the event, and its data if it takes a second argument"),
    Signature.EVENT: ((2,), "two arguments, data and context"),
    Signature.TYPED: ((1,), "one argument, the value"),
    Signature.WEBSOCKET: ((1,), "one argument, the WebSocket"),
}
_REMEDIES = {
    (Signature.WEBSOCKET, 0): " Add it: async def {name}(socket).",
    (Signature.HTTP, 0): " Add it: def {name}(request).",
    (Signature.HTTP, 2): " If it takes events, decorate it with @functions_framework.event, or "
    "pass --signature-type event.",
    (Signature.EVENT, 1): " If it takes CloudEvents, decorate it with "
    "@functions_framework.cloud_event, or pass --signature-type cloudevent.",
}


def misfit(function: Function) -> str | None:
    """What is wrong with the parameters of a function, None where nothing is or nobody can tell.

    Only plain functions and methods are looked at, and of those that are wrapped the wrapper: what
    a wrapper calls the inner function with is its own business.
    """
    if function.protocol:
        return None  # an application, which its own framework has put together
    counts, what = _CALLED_WITH[function.signature]
    if any(takes(function.call, count) for count in counts):
        return None
    import inspect

    shown = inspect.signature(function.call, follow_wrapped=False)
    remedy = _REMEDIES.get((function.signature, len(shown.parameters)), "")
    return (
        f"The function {function.name!r} takes {shown}; one with the signature "
        f"{function.signature} is called with {what}.{remedy.format(name=function.name)}"
    )


def takes(call: Callable[..., Any], count: int) -> bool:
    """Whether so many arguments by position can be handed over; True where nobody can tell."""
    plain: Any = call
    while isinstance(plain, functools.partial):
        plain = plain.func
    inner = plain.__func__ if isinstance(plain, MethodType) else plain
    if not isinstance(inner, FunctionType) or hasattr(inner, "__signature__"):
        return True
    code = inner.__code__
    if plain is call is inner and not code.co_kwonlyargcount:
        is_starred = bool(code.co_flags & 0x04)  # *args
        least = code.co_argcount - len(inner.__defaults__ or ())
        return least <= count and (is_starred or count <= code.co_argcount)
    import inspect

    try:
        inspect.signature(call, follow_wrapped=False).bind(*[None] * count)
    except TypeError:
        return False
    return True


def require_fit(functions: Iterable[Function]) -> None:
    """Refuse functions that no call can reach.

    Raises:
        InvalidTargetTypeException: the parameters of one are not what its signature calls it with.
    """
    for function in functions:
        fault = misfit(function)
        if fault is not None:
            raise InvalidTargetTypeException(f"{place_of(function.call)}: {fault}")
