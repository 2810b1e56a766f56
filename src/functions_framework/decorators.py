"""The decorators that say how a function is called; they mark it and return it unchanged."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, overload

from .function import Mark, Signature

F = TypeVar("F", bound=Callable[..., Any])


def http(function: F) -> F:
    """Serve a function of a request: `flask.Request` for `def`, Starlette's for `async def`.

    Args:
        function: called with the request; returns what `functions_framework.responses` lists.
    """
    return _marked(function, Mark(Signature.HTTP))


def cloud_event(function: F) -> F:
    """Serve a function of a CloudEvent (`cloudevents.http.CloudEvent`).

    Args:
        function: called with the event; its result is ignored.
    """
    return _marked(function, Mark(Signature.CLOUDEVENT))


def event(function: F) -> F:
    """Serve a background function, called with `(data, context)`.

    Args:
        function: called with the payload and a `google.cloud.functions.context.Context`.
    """
    return _marked(function, Mark(Signature.EVENT))


@overload
def typed(given: F, /) -> F: ...
@overload
def typed(given: type, /) -> Callable[[F], F]: ...


def typed(given: Any, /) -> Any:
    """Serve a function of a value that is read from JSON and checked.

    Used bare, the input type is the annotation of the first parameter; `@typed(Type)` names it.

    Args:
        given: the function, or its input type.

    Raises:
        FunctionsFrameworkException: no usable input type, or two that differ.
    """
    from .signatures.typed import TypedSignature

    def mark(function: F, input_type: Any = None) -> F:
        TypedSignature(function, input_type)  # faults show where the decorator stands
        return _marked(function, Mark(Signature.TYPED, input_type=input_type))

    if inspect.isroutine(given) or isinstance(given, functools.partial):
        return mark(given)
    return lambda function: mark(function, given)


def _marked(function: F, mark: Mark) -> F:
    mark.put_on(function)
    return function
